"""The vocabulary in which a lab's checks.py is written.

A task is a named set of independent properties. A property is a function `(student, rng)`: `student.name` is what the
learner wrote, `rng` a seeded numpy Generator that makes the inputs. It returns if the property holds and raises `Wrong`
(through `expect`, `expect_close`, ...) if it does not::

    attention = task("attention", hints=("the idea", "the shapes or the formula", "almost the code"))

    @attention.property("every row of weights sums to one")
    def rows_sum_to_one(student, rng):
        _, weights = student.attention(*random_qkv(rng))
        expect_close(weights.sum(-1), 1, tried="random q, k, v of shape (2, 5, 8)", look="over which axis is the softmax?")
"""

import importlib.util
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType


def load_given(checks_file: str) -> ModuleType:
    """The module given.py beside a lab's checks.py (pass `__file__`): references and tools that may run beside the learner's code.

    It must import everything that it uses itself, for its text is also sent to the learner's kernel when a grader asks for it.
    """
    path = Path(checks_file).with_name("given.py")
    name = f"scratchlab_given_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def given(student, **names):
    """Context in which definitions of the learner's (those that are there) are replaced by others, so that one mistake costs one
    task. The others come from given.py."""
    before = {name: getattr(student, name) for name in names if hasattr(student, name)}
    try:
        for name in before:
            setattr(student, name, names[name])
        yield
    finally:
        for name, value in before.items():
            setattr(student, name, value)


def beside(student, thing):
    """`thing`, a function or class of given.py or scratchlab.measure, as it runs in the process that holds the learner's code."""
    session = getattr(student, "session_", None)
    return session.place(thing) if session is not None else thing


class Wrong(Exception):
    """A property does not hold. The four parts become the four lines that the learner reads."""

    def __init__(self, *, tried: str, got: str, expected: str, look: str = ""):
        self.tried, self.got, self.expected, self.look = tried, got, expected, look
        super().__init__(f"tried {tried}; got {got}; expected {expected}. {look}")


@dataclass
class Property:
    """One independent thing that is true of a right answer."""

    name: str
    says: str
    test: Callable
    after: str | None


@dataclass
class Task:
    """One graded task of a lab."""

    name: str
    hints: tuple[str, str, str]
    properties: list[Property] = field(default_factory=list)

    def property(self, says: str, *, after: str | None = None):
        """Decorator: add a property. `says` states it in the learner's words; `after` names a property without which
        this one makes no sense (it is then skipped, not failed)."""

        def add(test: Callable) -> Callable:
            self.properties.append(Property(test.__name__, says, test, after))
            return test

        return add


def task(name: str, *, hints: tuple[str, str, str]) -> Task:
    """Declare the task `name`; `hints` go from the idea over shapes or formula to almost the code."""
    return Task(name, hints)


def expect(condition, *, tried: str, got: str, expected: str, look: str = "") -> None:
    """Raise `Wrong` with these four lines unless `condition` is true."""
    if not bool(condition):
        raise Wrong(tried=tried, got=str(got), expected=str(expected), look=look)


def expect_close(got, want, *, tried: str, look: str = "", tol: float = 1e-9, expected: str = "") -> None:
    """Raise `Wrong` unless `got` has the shape of `want` and |got - want| <= tol * max(1, |want|) everywhere.

    Both may be numbers, arrays or tensors; a number as `want` stands for an array full of it. NaN is never close to
    anything but NaN. The message says where the largest difference is, or which entries are not numbers.
    """
    import numpy as np

    a, b = as_array(got, tried=tried, look=look), as_array(want, tried=tried, look=look)
    if b.ndim == 0 and a.size:  # nothing at all is not equal to a number
        b = np.broadcast_to(b, a.shape)
    if a.shape != b.shape:
        raise Wrong(tried=tried, got=f"shape {a.shape}", expected=f"shape {b.shape}", look=look)
    if a.size == 0:
        return
    strange = ~np.isfinite(a) & ~(a == b) & ~(np.isnan(a) & np.isnan(b))
    if strange.any():
        where = tuple(int(i) for i in np.argwhere(strange)[0])
        raise Wrong(
            tried=tried,
            got=f"{a[where]} at index {where} ({int(strange.sum())} of {a.size} entries are not finite)",
            expected=expected or f"{b[where]:.6g}",
            look=look,
        )
    with np.errstate(invalid="ignore"):
        gap = np.where(a == b, 0.0, np.abs(a - b) / np.maximum(1.0, np.abs(b)))
    gap = np.where(np.isnan(a) & np.isnan(b), 0.0, gap)
    if not gap.max() <= tol:
        where = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
        at = f" at index {where}" if where else ""
        digits = ".6g" if f"{a[where]:.6g}" != f"{b[where]:.6g}" else ".15g"  # enough of them to see the difference
        wanted = expected or f"{b[where]:{digits}} (within {tol:g})"
        raise Wrong(tried=tried, got=f"{a[where]:{digits}}{at}", expected=wanted, look=look)


def expect_shape(got, shape: tuple[int, ...], *, tried: str, look: str = "") -> None:
    """Raise `Wrong` unless `got` is an array or tensor of this shape."""
    actual = tuple(getattr(got, "shape", ())) if hasattr(got, "shape") else None
    if actual != tuple(shape):
        back = f"shape {actual}" if actual is not None else describe(got)
        raise Wrong(tried=tried, got=back, expected=f"shape {tuple(shape)}", look=look)


def expect_raises(call: Callable, kinds: type | tuple[type, ...], *, tried: str, look: str = "") -> None:
    """Raise `Wrong` unless `call()` raises one of `kinds`."""
    named = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
    try:
        result = call()
    except NotImplementedError:  # a RuntimeError, so it comes first: a stub raises nothing on purpose
        raise
    except kinds:
        return
    except Exception as error:
        raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected=named, look=look) from error
    raise Wrong(tried=tried, got=f"{describe(result)} and no error", expected=named, look=look)


@contextmanager
def unchanged(tried: str, **values):
    """Context in which none of the named arrays or tensors may be modified."""
    import numpy as np

    before = {name: np.array(as_array(value, tried=tried), copy=True) for name, value in values.items()}
    yield
    for name, value in values.items():
        if not np.array_equal(before[name], as_array(value, tried=tried), equal_nan=True):
            raise Wrong(
                tried=tried,
                got=f"your code changed its argument `{name}`",
                expected=f"`{name}` left as it was",
                look="work on a copy: operations such as `x += 1` or `x[i] = ...` change the caller's array",
            )


def as_array(value, *, tried: str, look: str = ""):
    """`value` (number, sequence, array or tensor) as a float numpy array; `Wrong` if it is none of these."""
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) in ("torch.bfloat16", "torch.float16"):
            value = value.float()
        value = value.numpy()
    try:
        array = np.asarray(value)
        return array if array.dtype == bool else array.astype(np.float64)
    except (TypeError, ValueError):
        raise Wrong(tried=tried, got=describe(value), expected="a number, an array or a tensor", look=look) from None


def describe(value) -> str:
    """A short description of a returned value for a message."""
    if value is None:
        return "None (is a `return` missing?)"
    if hasattr(value, "shape"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
