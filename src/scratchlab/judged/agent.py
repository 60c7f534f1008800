"""In the learner's kernel: do what the grader asks with the learner's own functions, and send back what came out."""

import contextlib
import os
import random
import socket
import sys
from types import ModuleType
from typing import Any

from scratchlab import measure
from scratchlab.judged.peer import OPERATORS, Peer, hello, quiet
from scratchlab.judged.wire import WireError


class Agent:
    """Serves one connection. `module` is where the learner's definitions live."""

    def __init__(self, connection: socket.socket, module: ModuleType):
        self.module, self.objects, self.numbers = module, [module], {id(module): 0}
        self.given = ModuleType("scratchlab_given")
        self.peer = Peer(connection, self.serve, self.export, self.resolve)
        self.peer.graphs = True

    def export(self, value: Any, codec=None) -> dict:
        """A number for an object that stays here; the same object keeps its number."""
        if isinstance(value, Theirs):
            return {"yours": value.number}
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        name = value.__name__ if isinstance(value, type) else type(value).__name__
        return {"mine": self.numbers[id(value)], "class": str(name), "callable": callable(value)}

    def resolve(self, tree: dict, codec) -> Any:
        """What a tree that is no plain value stands for: one of our objects, something given, or a callable of theirs."""
        if "yours" in tree:
            return self.objects[tree["yours"]]
        if "given" in tree:
            return getattr(self.given, tree["given"])
        if "measure" in tree:
            return getattr(measure, tree["measure"])
        if "mine" in tree:
            attributes = {name: codec._decode(value) for name, value in tree["attributes"].items()}
            return Theirs(self.peer, tree["mine"], attributes)
        raise WireError(f"unknown value {list(tree)[:3]}")

    def serve(self, request: dict) -> Any:
        """Do one thing."""
        do, args, named = request["do"], request["args"], request["named"]
        if do == "given":
            exec(compile(args[0], "given.py", "exec"), vars(self.given))
        elif do == "place":
            return args[0]
        elif do == "seed":
            seed_everything(args[0])
        elif do == "get":
            return getattr(request["on"], args[0])
        elif do == "set":
            setattr(request["on"], *args)
        elif do == "backward":
            outputs, places, grads = args
            leaves = self.peer.calls[request["call"]]
            return backward(outputs, [getattr(leaves[place], "origin", leaves[place]) for place in places], grads)
        elif do in OPERATORS or do == "call":
            with quiet(), ambient(request):
                return OPERATORS[do](request["on"], *args) if do in OPERATORS else request["on"](*args, **named)
        else:
            raise WireError(f"unknown request {do}")
        return None


class Theirs:
    """A function of the grader's that was passed as an argument."""

    def __init__(self, peer: Peer, number: int, attributes: dict):
        self.__dict__.update(attributes, peer=peer, number=number)

    def __call__(self, *args, **named):
        torch = sys.modules.get("torch")
        message = {"do": "call", "on": {"yours": self.number}, "grad": torch is None or torch.is_grad_enabled()}
        return self.peer.request(message, args, named)[0]


@contextlib.contextmanager
def ambient(request: dict):
    """The caller's gradient mode and default device, here too."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    device = torch.device(request["device"]) if request.get("device") else contextlib.nullcontext()
    with torch.set_grad_enabled(bool(request.get("grad", True))), device:
        yield


def backward(outputs: list, inputs: list, grads: list) -> list:
    """Gradients of sum(outputs * grads) with respect to `inputs` (None where nothing depends on one); parameters get theirs too."""
    import torch

    for each in inputs:
        each.grad = None
    pairs = [(out, grad) for out, grad in zip(outputs, grads, strict=True) if grad is not None]
    torch.autograd.backward([out for out, _ in pairs], [grad for _, grad in pairs], retain_graph=True)
    return [each.grad for each in inputs]


def seed_everything(seed: int) -> None:
    """Seed the global generators of random, NumPy and torch (those that are loaded)."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def serve(path: str, tag: str, module: ModuleType | None = None) -> None:
    """Connect to the grader's socket at `path`, say the tag, and serve until it says bye."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        connection.sendall(hello(tag))
        Agent(connection, module or sys.modules["__main__"]).peer.serve_forever()


def serve_forked(module: ModuleType) -> tuple[socket.socket, int]:
    """Serve `module` from a fork of this process; returns the grader's end of the connection and the child's pid."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child:
        theirs.close()
        return ours, child
    try:
        ours.close()
        Agent(theirs, module).peer.serve_forever()
    finally:
        os._exit(0)
