"""In the grader's process: the learner's definitions, looking as if they were local."""

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

from scratchlab.judged import wire
from scratchlab.judged.excerpt import excerpt
from scratchlab.judged.peer import Gone, Peer

MAX_ITEMS = 100_000  # of an iterator in the learner's kernel, and objects there that are known here
MAX_CLASSES = 1000  # of these objects


class Student:
    """Attributes are what the learner defined; setting one replaces it in the learner's kernel."""

    def __init__(self, session: "Session"):
        object.__setattr__(self, "_session", session)

    def __getattr__(self, name: str) -> Any:
        if name == "session_":  # how `beside` finds its way; no learner's name ends in an underscore here
            return self._session
        try:
            return self._session.ask("get", {"yours": 0}, name)
        except AttributeError:
            raise AttributeError(f"`{name}` is not defined", name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._session.ask("set", {"yours": 0}, name, value)


class Remote:
    """An object of the learner's own class, in the learner's kernel. Equality is identity: no object can call itself equal."""

    def __init__(self, session: "Session", number: int):
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_number", number)

    def _ask(self, do: str, *args, **named) -> Any:
        return self._session.ask(do, {"yours": self._number}, *args, **named)

    def __call__(self, *args, **named) -> Any:
        return self._ask("call", *args, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._ask("get", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("set", name, value)

    def __len__(self) -> int:
        length = self._ask("len")
        if type(length) is not int or not 0 <= length <= MAX_ITEMS:
            raise TypeError(f"a length of {length!r}")
        return length

    def __iter__(self):
        each = self._ask("iter")
        for _ in range(MAX_ITEMS):
            try:
                yield each._ask("next") if isinstance(each, Remote) else next(each)
            except StopIteration:
                return
        raise RuntimeError(f"more than {MAX_ITEMS} items")

    def __bool__(self) -> bool:
        raise TypeError(f"an object of the class {type(self).__name__}, where a plain value is expected")

    def __array__(self, dtype=None, copy=None):
        raise TypeError(f"an object of the class {type(self).__name__}, where numbers are expected")

    def __repr__(self) -> str:
        return f"an object of the class {type(self).__name__}"

    __hash__ = object.__hash__


def _operator(name: str, swapped: bool = False):
    def ask(self, *args):
        return args[0]._ask(name, self) if swapped and isinstance(args[0], Remote) else self._ask(name, *args)

    return ask


for _name in "add sub mul truediv floordiv mod pow matmul neg pos abs getitem setitem delitem contains enter".split():
    setattr(Remote, f"__{_name}__", _operator(_name))
Remote.__exit__ = lambda self, *_: self._ask("exit") and None


class Session:
    """One conversation with one learner's kernel. `given` is the text of the lab's given.py; `deadline` a time.monotonic()."""

    def __init__(self, connection: socket.socket, given: str = ""):
        self.peer = Peer(connection, self._serve, self._export, self._resolve)
        self.remotes: dict[int, Remote] = {0: None}  # type: ignore[dict-item]
        self.classes: dict[str, type] = {}
        self.callables: list = []
        self.student = Student(self)
        self.give(given)

    def give(self, text: str) -> None:
        """Take the text of the lab's given.py; a definition in it is sent when a check uses it."""
        self.given, self.shown = text, set()

    def _show(self, name: str) -> None:
        """Send the definition of `name` in given.py, if that was not done."""
        if name not in self.shown:
            text, names = excerpt(self.given, name, self.shown)
            self.shown |= {name} | names
            self.peer.request({"do": "given", "on": None}, (text,))

    def place(self, thing: Any) -> "Remote":
        """The counterpart in the learner's kernel of something in given.py or scratchlab.measure."""
        return self.peer.request({"do": "place", "on": None}, (thing,))[0]

    def seed(self, seed: int) -> None:
        """Seed the global generators in the learner's kernel."""
        self.peer.request({"do": "seed", "on": None}, (seed,))

    def close(self) -> None:
        """Say bye; the kernel goes on with its notebook."""
        with contextlib.suppress(Gone):
            self.peer._send({"do": "bye"}, [])
        self.peer.connection.close()

    def ask(self, do: str, on: dict, *args, **named) -> Any:
        """Have something done in the learner's kernel; gradients flow through the answer if the caller wants them."""
        torch = sys.modules.get("torch")
        message = {"do": do, "on": on, "grad": torch is None or torch.is_grad_enabled(), "device": _device(torch)}
        result, codec = self.peer.request(message, args, named)
        if torch is None or not message["grad"] or do in ("get", "set"):
            return result
        return self._with_graph(torch, result, codec)

    def _with_graph(self, torch, result: Any, codec: wire.Codec) -> Any:
        """Tensors in the answer that have a history over there get one here: a backward pass continues in the kernel."""
        made = [each for each in _tensors(torch, result) if hasattr(each, "graph")]
        if not made:
            return result
        places = [n for n, each in enumerate(codec.sent) if isinstance(each, torch.Tensor) and each.requires_grad]
        outputs, call = [Remote(self, each.graph) for each in made], codec.call

        def backward(grads):
            answer, _ = self.peer.request({"do": "backward", "on": None, "call": call}, (outputs, places, list(grads)))
            return answer

        inputs = [codec.sent[place] for place in places] or [torch.zeros((), requires_grad=True)]
        connected = _bridge(torch).apply(backward, len(places), made, *inputs)
        return _replaced(torch, result, dict(zip(map(id, made), connected, strict=True)))

    def _serve(self, request: dict) -> Any:
        # Nothing else can be called, not even a built-in type: `type` would make objects here that equal whatever they like.
        if request["do"] != "call" or not any(request["on"] is each for each in self.callables):
            raise PermissionError("the grader's objects can only be called")
        torch = sys.modules.get("torch")
        if torch is None:
            return request["on"](*request["args"], **request["named"])
        with torch.set_grad_enabled(bool(request.get("grad", True))):
            return request["on"](*request["args"], **request["named"])

    def _export(self, value: Any, codec: wire.Codec) -> dict:
        module, name = getattr(value, "__module__", None) or "", getattr(value, "__qualname__", "")
        if isinstance(value, Remote):
            return {"yours": value._number}
        if module == "scratchlab.measure":
            return {"measure": name}
        if module.startswith("scratchlab_given") and isinstance(value, type | FunctionType):
            self._show(name)
            return {"given": name}
        if not callable(value):
            raise wire.WireError(f"{value!r:.80} cannot be sent to the learner's kernel; make it there with beside(student, ...)")
        self.callables.append(value)
        public = {key: codec.encode(each) for key, each in getattr(value, "__dict__", {}).items() if not key.startswith("_")}
        return {"mine": len(self.callables) - 1, "attributes": public if not isinstance(value, FunctionType) else {}}

    def _resolve(self, tree: dict, codec: wire.Codec) -> Any:
        if "yours" in tree:
            return self.callables[wire._index(tree["yours"])]
        if "mine" not in tree:
            raise wire.WireError(f"unknown value {list(tree)[:3]}")
        number = wire._index(tree["mine"])
        if number not in self.remotes:
            if len(self.remotes) > MAX_ITEMS:
                raise wire.WireError(f"more than {MAX_ITEMS} objects")
            name = str(tree.get("class", ""))[:60]
            name = name if name.isidentifier() and len(self.classes) < MAX_CLASSES else "Unnamed"
            if name not in self.classes:
                self.classes[name] = type(name, (Remote,), {})
            self.remotes[number] = self.classes[name](self, number)
        return self.remotes[number]


def _device(torch) -> str | None:
    """The default device, where a check has set one."""
    device = torch.get_default_device() if torch is not None else None
    return None if device is None or device.type == "cpu" else str(device)


@cache
def _bridge(torch):
    """The autograd function whose backward pass runs in the learner's kernel."""

    class Bridge(torch.autograd.Function):
        @staticmethod
        def forward(ctx, backward, count, values, *inputs):
            ctx.set_materialize_grads(False)
            ctx.ask, ctx.count = backward, count
            return tuple(value.clone() for value in values)

        @staticmethod
        def backward(ctx, *grads):
            return None, None, None, *(ctx.ask(grads) if ctx.count else (ctx.ask(grads), None)[1:])

    return Bridge


def _tensors(torch, value: Any) -> list:
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [each for item in items for each in _tensors(torch, item)]


def _replaced(torch, value: Any, by: dict) -> Any:
    if isinstance(value, torch.Tensor):
        return by.get(id(value), value)
    if isinstance(value, dict):
        return {key: _replaced(torch, each, by) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(torch, each, by) for each in value]
    if isinstance(value, tuple):
        items = [_replaced(torch, each, by) for each in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def accept(listener: socket.socket, tag: str, deadline: float, alive: Callable[[], bool]) -> socket.socket:
    """Wait for the agent that knows `tag`; other connections are closed.

    Errors: Gone when the deadline (monotonic) passes or the kernel is not `alive()` any more.
    """
    while True:
        try:
            listener.settimeout(min(0.5, max(0.01, deadline - time.monotonic())))
            connection, _ = listener.accept()
            connection.settimeout(5)
            (length,) = struct.unpack("<I", connection.recv(4, socket.MSG_WAITALL))
            if length == len(tag) and connection.recv(length, socket.MSG_WAITALL) == tag.encode():
                return connection
            connection.close()
        except (OSError, struct.error):
            pass
        if not alive():
            raise Gone("the kernel ended")
        if time.monotonic() >= deadline:
            raise Gone("time is up")
