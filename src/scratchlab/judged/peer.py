"""Calls over a socket, both ways: while one side waits for an answer it serves what the other asks.

    request   {"do": "call", "on": TREE, "args": TREE, "named": TREE, "grad": bool, "device": str | null}
    answer    {"back": TREE, "changed": [[number, TREE], ...]}  or  {"error": {...}}

`changed` lists the arguments that the call modified, so that a caller sees its own arrays, lists and generators change as
if the function were local.
"""

import builtins
import contextlib
import io
import operator
import socket
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchlab.checks import Wrong
from scratchlab.judged import wire

# What may be done to an object on the other side besides calling it and reading or setting an attribute.
OPERATORS = {
    name: getattr(operator, name)
    for name in "add sub mul truediv floordiv mod pow matmul neg pos abs getitem setitem delitem contains".split()
} | {"len": len, "iter": iter, "next": next, "enter": lambda each: each.__enter__(), "exit": lambda each: each.__exit__(None, None, None)}


class Gone(BaseException):
    """The other side ended, hung, or answered with nonsense. Not an Exception: no check may take it for a wrong answer."""


class Peer:
    """One end of the connection. `serve(request)` does what the other side asks. `deadline` is a time.monotonic(); time between
    our requests is not the other side's, and moves it."""

    def __init__(self, connection: socket.socket, serve: Callable[[dict], Any], export: Callable, resolve: Callable):
        self.connection, self.serve, self.export, self.resolve = connection, serve, export, resolve
        self.deadline: float | None = None
        self.rested: float | None = time.monotonic()  # since when nothing is asked; None while something is
        self.graphs = False  # whether this side keeps what it computed, for backward passes that the other side asks for
        self.calls: list[list] = []  # then: the arguments of every call
        self.wrong: Wrong | None = None  # what a function of a check's own said while the learner's code was calling it

    def request(self, message: dict, args: Any = (), named: dict | None = None) -> tuple[Any, wire.Codec]:
        """Ask the other side; returns the decoded answer and the codec that carried the arguments."""
        with self._on_their_time():
            return self._request(message, args, named)

    @contextlib.contextmanager
    def _on_their_time(self):
        if self.rested is not None and self.deadline is not None:
            self.deadline += time.monotonic() - self.rested
        outermost, self.rested = self.rested is not None, None
        try:
            yield
        finally:
            self.rested = time.monotonic() if outermost else None

    def _request(self, message: dict, args: Any, named: dict | None) -> tuple[Any, wire.Codec]:
        codec = self._codec()
        body = message | {"args": codec.encode(tuple(args)), "named": codec.encode(named or {})}
        self._send(body, codec.arrays)
        while True:
            answer, arrays = self._receive()
            if "do" in answer:
                self._answer(answer, arrays)
                continue
            wrong, self.wrong = self.wrong, None
            if wrong is not None:  # whatever the learner's code made of it
                raise wrong
            if "error" in answer:
                raise learners_error(answer["error"])
            codec.call = answer.get("call")
            return self._result(codec.sent, answer, arrays), codec

    def serve_forever(self) -> None:
        """Answer requests until the other side says bye or closes the connection."""
        while True:
            request, arrays = self._receive()
            if request.get("do") == "bye":
                return
            self._answer(request, arrays)

    def _codec(self, shared: list | None = None) -> wire.Codec:
        return wire.Codec(self.export, self.resolve, shared, self.graphs)

    def _result(self, sent: list, answer: dict, arrays: list) -> Any:
        codec = self._codec(sent)
        changed = [(sent[wire._index(number)], codec.decode(tree, arrays)) for number, tree in answer.get("changed", ())]
        for ours, theirs in changed:
            overwrite(ours, theirs)
        return codec.decode(answer.get("back"), arrays)

    def _answer(self, request: dict, arrays: list) -> None:
        arguments = self._codec()
        reply = self._codec(arguments.sent)
        try:
            request["args"] = arguments.decode(request.get("args"), arrays)
            request["named"] = arguments.decode(request.get("named"), arrays)
            request["on"] = arguments.decode(request.get("on"), arrays)
            before = [snapshot(each) for each in arguments.sent]
            result = self.serve(request)
            changed = [n for n, each in enumerate(arguments.sent) if differs(before[n], each)]
            body = {"changed": [[n, reply.encode(_plain_copy(arguments.sent[n]))] for n in changed]}
            body["back"] = reply.encode(result)
            if self.graphs:
                body["call"] = len(self.calls)
                self.calls.append(arguments.sent)
            message = wire.pack(body, reply.arrays)
        except Gone:
            raise
        except BaseException as error:
            self.wrong = error if isinstance(error, Wrong) else self.wrong
            message = wire.pack({"error": describe(error)}, [])
        self._write(message)

    def _send(self, tree: dict, arrays: list) -> None:
        self._write(wire.pack(tree, arrays))

    def _write(self, message: bytes) -> None:
        try:
            self.connection.settimeout(self._left())
            self.connection.sendall(message)
        except OSError as error:
            raise Gone(_why(error)) from None

    def _receive(self) -> tuple[dict, list]:
        try:
            tree, arrays = wire.unpack(self._read)
        except wire.WireError as error:
            raise Gone(str(error)) from None
        if not isinstance(tree, dict):
            raise Gone("the answer is no message")
        return tree, arrays

    def _read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            try:
                self.connection.settimeout(self._left())
                part = self.connection.recv(min(missing, 1 << 20))
            except OSError as error:
                raise Gone(_why(error)) from None
            if not part:
                raise Gone("the kernel ended")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _left(self) -> float | None:
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Gone("time is up")
        return left


def _why(error: OSError) -> str:
    return "time is up" if isinstance(error, TimeoutError) else "the kernel ended"


# Arguments that a call may change


def snapshot(value: Any) -> Any:
    """Enough of `value` to tell later whether it was changed."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, np.ndarray):
        return value.copy()
    torch = sys.modules["torch"]
    if isinstance(value, torch.Generator):
        return value.get_state()
    return value if value.is_meta else value.detach().clone()


def differs(before: Any, value: Any) -> bool:
    """Whether `value` is not what `snapshot` saw."""
    if isinstance(value, list | dict):
        now = value if isinstance(value, list) else list(value.items())
        flat = [(a, b) for a, b in zip(before, now, strict=False)]
        pairs = [pair for a, b in flat for pair in (zip(a, b, strict=True) if isinstance(value, dict) else [(a, b)])]
        return len(before) != len(now) or any(a is not b for a, b in pairs)
    if isinstance(value, np.ndarray):
        return before.shape != value.shape or before.tobytes() != value.tobytes()
    torch = sys.modules["torch"]
    if isinstance(value, torch.Generator):
        return not torch.equal(before, value.get_state())
    if value.is_meta:
        return False
    return before.shape != value.shape or not torch.equal(_bits(torch, before), _bits(torch, value.detach()))


def _bits(torch, tensor):
    """The bytes of a tensor, so that NaN equals NaN."""
    return tensor.contiguous().reshape(-1).clone().view(torch.uint8)


def _plain_copy(value: Any) -> Any:
    """A copy that is encoded as a value and not as a reference to the argument."""
    if isinstance(value, list | dict):
        return type(value)(value)
    if isinstance(value, np.ndarray):
        return value.copy()
    torch = sys.modules["torch"]
    return value.clone_state() if isinstance(value, torch.Generator) else value.detach().clone()


def overwrite(ours: Any, theirs: Any) -> None:
    """Make our argument what the other side's copy became. Errors: Gone if it is something else altogether."""
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray) and ours.shape == theirs.shape:
        ours[...] = theirs
    elif isinstance(ours, list) and isinstance(theirs, list):
        ours[:] = theirs
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        ours.clear()
        ours.update(theirs)
    elif hasattr(ours, "get_state") and type(ours) is type(theirs):
        ours.set_state(theirs.get_state())
    elif hasattr(ours, "detach") and type(ours) is type(theirs):
        with sys.modules["torch"].no_grad():
            ours.detach().copy_(theirs) if ours.shape == theirs.shape else ours.data.set_(theirs)
    else:
        raise Gone("the answer changes an argument into something else")


# Errors


class LearnersError(Exception):
    """An error that the learner's code raised in its kernel; `frame` is (function, line number, text of the line)."""

    frame: tuple[str, int, str] | None = None


def describe(error: BaseException) -> dict:
    """An exception as plain data: its name, the built-in classes it comes from, its words, and the learner's line."""
    bases = [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_learners_file(frame.filename)]
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, SystemExit):
        text = f"the code called exit({error.code!r})"
    said = {"name": type(error).__name__, "bases": bases, "text": text[:2000]}
    if frames:
        said["frame"] = [frames[-1].name[:100], int(frames[-1].lineno or 0), str(frames[-1].line or "")[:200]]
    return said


def is_learners_file(name: str) -> bool:
    """Whether a traceback's file is the learner's notebook, and neither a library nor ours."""
    libraries = any(place in name for place in ("site-packages", "/scratchlab/", "/lib/python"))
    return not libraries and not name.endswith(("checks.py", "given.py"))


def learners_error(said: Any) -> Exception:
    """The exception that `describe` described: an instance of the nearest built-in class, under its own name."""
    if not isinstance(said, dict):
        raise Gone("the answer is no message")
    bases = said.get("bases")
    kinds = [getattr(builtins, str(name), None) for name in (bases if isinstance(bases, list) else [])[:10]]
    base = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception), RuntimeError)
    name, text = str(said.get("name", "Error"))[:60], str(said.get("text", ""))[:2000]
    name = name if name.isidentifier() else "Error"
    try:
        made = type(name, (LearnersError, base), {})(text)
    except TypeError:  # a built-in whose instances need more, such as UnicodeDecodeError
        made = type(name, (LearnersError, ValueError), {})(text)
    frame = said.get("frame")
    if isinstance(frame, list) and len(frame) == 3 and type(frame[1]) is int:
        made.frame = (str(frame[0]), frame[1], str(frame[2]))
    return made


@contextlib.contextmanager
def quiet():
    """A context in which prints and warnings go nowhere: they belong to the learner's cells, not to a check."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def hello(tag: str) -> bytes:
    """What the agent says first on a connection, so that an answer prepared for an earlier check is refused."""
    text = tag.encode()
    return struct.pack("<I", len(text)) + text
