"""Judged from outside: values travel as they are, calls look local, and nothing that a learner's process says is believed blindly."""

import io
import os
import signal
import socket
import time
from collections import namedtuple
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlab.checking import run_task
from scratchlab.checks import Wrong, expect, expect_close, expect_raises, task
from scratchlab.judged import wire
from scratchlab.judged.agent import serve_forked
from scratchlab.judged.peer import Gone
from scratchlab.judged.proxy import Session

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
values = st.recursive(
    leaves, lambda each: st.lists(each) | st.tuples(each, each) | st.dictionaries(st.text() | st.integers(), each), max_leaves=12
)


def refuse(*_):
    raise wire.WireError("stays where it is")


def travel(value):
    sender = wire.Codec(refuse, refuse)
    message = io.BytesIO(wire.pack(sender.encode(value), sender.arrays))
    tree, arrays = wire.unpack(message.read)
    return wire.Codec(refuse, refuse).decode(tree, arrays)


@given(values)
def test_plain_values_come_back_with_their_types(value):
    assert repr(travel(value)) == repr(value)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "complex64", "<f8"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3, 4)])
def test_arrays_keep_dtype_shape_and_layout(dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype).T
    back = travel(array)
    assert back.dtype == array.dtype and np.array_equal(back, array) and back.shape == array.shape
    assert back.strides == array.strides or array.size == 0


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.bfloat16, torch.float64, torch.complex128])
def test_tensors_keep_dtype_shape_and_layout(dtype):
    tensor = torch.arange(24).reshape(2, 3, 4).to(dtype).transpose(0, 2)
    back = travel(tensor)
    assert back.dtype == dtype and back.stride() == tensor.stride() and torch.equal(back, tensor)
    assert travel(tensor[:, :0]).shape == (4, 0, 2)


def test_what_could_run_code_does_not_travel():
    for value in (np.array([object()]), np.array(["text"]), lambda: 0, object()):
        with pytest.raises(wire.WireError):
            travel(value)
    recursive: list = []
    recursive.append(recursive)
    assert (back := travel(recursive))[0] is back  # a list that holds itself is one list there too


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_nonsense_is_refused_and_nothing_else(noise):
    def read(n, stream=io.BytesIO(noise)):
        part = stream.read(n)
        if len(part) < n:
            raise wire.WireError("too short")
        return part

    with pytest.raises(wire.WireError):
        wire.Codec(refuse, refuse).decode({"array": 0, "order": wire.unpack(read)}, [])


@pytest.mark.parametrize(
    "tree",
    [
        {"view": 0, "offset": 0, "shape": [10**9], "steps": [1]},
        {"view": 0, "offset": -8, "shape": [1], "steps": [1]},
        {"tensor": 0, "dtype": "float64", "order": [0, 0], "grad": False},
        {"torch": "os", "kind": "dtype"},
        {"builtin": "eval"},
        {"npdtype": "O"},
        {"argument": 7},
        {"dict": [[{"list": []}, 1]]},
        {"float": "1e5"},
        {"array": "0", "order": []},
    ],
)
def test_forged_trees_are_refused(tree):
    codec = wire.Codec(refuse, refuse, shared=[np.zeros(4)])
    with pytest.raises(wire.WireError):
        codec.decode(tree, [np.zeros(3)])


CODE = """
import os, time, threading
import numpy as np, torch
from collections import namedtuple
Pair = namedtuple("Pair", "left right")
calls = []
def double(x): return 2 * x
def grow(x, log):
    x += 1
    log.append("seen")
    return x
def part(x): return x[1:]
def square(x): return x * x
def detached(x): return (x * x).detach()
def fails(x): raise ValueError("not this " + str(x))
def pair(): return Pair(1, 2.0)
def apply(f, x): return f(f(x))
def swallow(f):
    try: return f(1)
    except Exception: return "fine"
class Always:
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __bool__(self): return True
    __hash__ = None
def always(): return Always()
class Value:
    def __init__(self, data): self.data = data
    def __add__(self, other): return Value(self.data + other.data)
    def __getitem__(self, i): return i
    def __len__(self): return 3
def leave(): os._exit(0)
def loop():
    while True: pass
def closes(x):
    import gc
    for each in gc.get_objects():
        if type(each).__name__ == "Peer" and each.connection.fileno() >= 0:
            each.connection.sendall(b"\\x05\\x00\\x00\\x00\\x00\\x00\\x00\\x00hello")
"""


@pytest.fixture
def student():
    module = ModuleType("student")
    exec(CODE, vars(module))
    connection, child = serve_forked(module)
    session = Session(connection)
    session.peer.deadline = time.monotonic() + 20
    yield session.student
    connection.close()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_calls_look_local(student):
    assert student.double(3) == 6 and student.double("ab") == "abab"
    x, log = np.zeros(3), []
    assert student.grow(x, log) is x and x.tolist() == [1, 1, 1] and log == ["seen"]
    assert np.shares_memory(student.part(x), x) and student.part(x).shape == (2,)
    t = torch.arange(4.0)
    student.part(t)[0] = 7
    assert t[1] == 7, "a view of the argument is a view here too"
    assert student.pair() == (1, 2.0) and student.pair().right == 2.0
    assert student.apply(lambda n: n + 5, 1) == 11
    total = student.Value(2) + student.Value(3)
    assert total.data == 5 and len(total) == 3 and total[1] == 1 and type(total).__name__ == "Value"
    with pytest.raises(AttributeError):
        _ = student.nothing
    with pytest.raises(ValueError, match="not this 4"):
        student.fails(4)


def test_gradients_flow_through_the_learners_kernel(student):
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad((student.square(x) * 3).sum(), x)
    assert torch.allclose(gradient, 6 * x.detach())
    assert not student.detached(x).requires_grad
    with torch.no_grad():
        assert not student.square(x).requires_grad


def test_an_object_that_equals_everything_equals_nothing(student):
    thing = student.always()
    assert thing not in (1, 1.0, True) and thing == thing
    for use in (bool, lambda each: expect_close(each, 1.0, tried="it"), lambda each: expect(each, tried="", got="", expected="")):
        with pytest.raises((Wrong, TypeError)):
            use(thing)


def test_what_a_check_says_inside_a_callback_cannot_be_swallowed(student):
    def judge(x):
        raise Wrong(tried="a call", got="too many", expected="few")

    with pytest.raises(Wrong, match="too many"):
        student.swallow(judge)
    assert student.double(1) == 2


def test_the_graders_functions_can_be_called_and_nothing_more(student):
    session = student.session_
    with pytest.raises(PermissionError):
        session._serve({"do": "get", "on": test_calls_look_local, "args": ("__globals__",), "named": {}})
    tree = session._export(test_calls_look_local, wire.Codec(session._export, session._resolve))
    assert tree == {"mine": 0, "attributes": {}}, "a function travels as a number alone"
    with pytest.raises(wire.WireError):
        session._export(object(), wire.Codec(session._export, session._resolve))


@pytest.mark.parametrize(
    "name, seconds, words", [("leave", 20, "kernel ended"), ("loop", 1, "too long"), ("closes", 20, "did not come back")]
)
def test_an_end_a_loop_and_a_forged_answer_cost_only_what_comes_after(student, name, seconds, words):
    job = task("job", hints=("", "", ""))

    @job.property("first")
    def doubles(s, rng):
        expect(s.double(2) == 4, tried="", got="", expected="")

    @job.property("second")
    def ends(s, rng):
        getattr(s, name)(*([1] if name == "closes" else []))

    @job.property("third")
    def holds(s, rng):
        s.double(1)

    student.session_.peer.deadline = time.monotonic() + seconds
    report = run_task(job, student, points=3)
    assert [each.state for each in report.outcomes] == ["passed", "timed out", "skipped"], report.text()
    assert report.score == 1
    assert words in report.outcomes[1].detail[0]


def test_errors_of_the_learner_are_told_with_their_line(student):
    job = task("job", hints=("", "", ""))

    @job.property("it works")
    def works(s, rng):
        s.fails(1)

    @job.property("it refuses")
    def refuses(s, rng):
        expect_raises(lambda: s.fails(2), ValueError, tried="2")

    broken, refused = run_task(job, student).outcomes
    assert broken.state == "error" and broken.detail[0] == "ValueError: not this 1" and "fails" in broken.detail[1]
    assert refused.state == "passed"


def test_a_silent_peer_is_gone_when_time_is_up():
    ours, theirs = socket.socketpair()
    session = Session(ours)
    session.peer.deadline = time.monotonic() + 0.2
    with pytest.raises(Gone, match="time is up"):
        _ = session.student.anything
    theirs.close()


def test_a_named_tuple_with_hostile_names_is_refused():
    tree = {"named": ["x y", ["__class__"], []]}
    with pytest.raises(wire.WireError):
        wire.Codec(refuse, refuse).decode(tree, [])
    assert travel(namedtuple("P", "a b")(1, 2)).b == 2
