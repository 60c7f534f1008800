"""The checking engine: what counts as close, how points are shared, what a learner reads."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scratchlab import outputs
from scratchlab.checking import load_tasks, run_task
from scratchlab.checks import Wrong, expect_close, expect_raises, expect_shape, task, unchanged

numbers = st.floats(-1e6, 1e6)
matrices = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=numbers)


@given(matrices)
def test_everything_is_close_to_itself(a):
    expect_close(a, a.copy(), tried="the same array")


@given(matrices, st.data())
def test_one_wrong_entry_is_found_and_named(a, data):
    where = tuple(data.draw(st.integers(0, n - 1)) for n in a.shape)
    b = a.copy()
    b[where] += 1 + abs(b[where])
    with pytest.raises(Wrong) as caught:
        expect_close(b, a, tried="one entry changed")
    assert str(where) in caught.value.got


@given(matrices)
def test_nan_is_never_close_to_a_number(a):
    b = a.copy()
    b.flat[0] = math.nan
    with pytest.raises(Wrong, match="not finite"):
        expect_close(b, a, tried="a NaN")


def test_infinities_and_nans_match_themselves_only():
    expect_close([np.inf, -np.inf, np.nan], [np.inf, -np.inf, np.nan], tried="extremes")
    with pytest.raises(Wrong):
        expect_close([np.inf], [-np.inf], tried="the other infinity")


def test_a_shape_that_broadcasts_is_still_wrong():
    with pytest.raises(Wrong, match=r"shape \(3, 1\)"):
        expect_close(np.ones((3, 1)), np.ones((3, 3)), tried="shapes")
    with pytest.raises(Wrong, match="None"):
        expect_shape(None, (2,), tried="nothing")


def test_tensors_of_every_float_type_are_compared():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        expect_close(torch.ones(2, dtype=dtype, requires_grad=True), 1, tried=str(dtype))


def test_what_is_no_array_is_wrong_not_a_crash():
    with pytest.raises(Wrong, match="expected a number, an array or a tensor"):
        expect_close(object(), 1, tried="an object")


def test_expect_raises_wants_the_right_kind():
    expect_raises(lambda: [][1], IndexError, tried="an empty list")
    with pytest.raises(Wrong, match="KeyError"):
        expect_raises(lambda: {}[1], IndexError, tried="a dict")
    with pytest.raises(Wrong, match="no error"):
        expect_raises(lambda: 1, IndexError, tried="nothing wrong")
    for kind in (ValueError, RuntimeError, Exception):
        with pytest.raises(NotImplementedError):
            expect_raises(lambda: stub(1), kind, tried="a stub")


def test_unchanged_notices_in_place_work():
    x = np.zeros(3)
    with pytest.raises(Wrong, match="changed its argument `x`"), unchanged("zeros", x=x):
        x += 1


def demo():
    made = task("double", hints=("idea", "formula", "code"))

    @made.property("doubles a number")
    def doubles(student, rng):
        expect_close(student.double(2.0), 4.0, tried="2", look="times two?")

    @made.property("doubles an array")
    def doubles_arrays(student, rng):
        x = rng.standard_normal(3)
        expect_close(student.double(x), 2 * x, tried="3 random numbers")

    @made.property("doubles a list", after="doubles_arrays")
    def doubles_lists(student, rng):
        expect_close(student.double([1.0]), [2.0], tried="a list")

    return made


def states(report):
    return [outcome.state for outcome in report.outcomes]


def student(double):
    return SimpleNamespace(double=double)


def test_points_are_shared_among_properties():
    report = run_task(demo(), student(lambda x: 2 * np.asarray(x)), points=3)
    assert states(report) == ["passed"] * 3 and report.score == 3
    report = run_task(demo(), student(lambda x: 4.0), points=3)
    assert states(report) == ["passed", "wrong", "skipped"] and report.score == 1


def stub(x):
    raise NotImplementedError


@pytest.mark.parametrize("answer", [student(stub), SimpleNamespace()])
def test_an_unwritten_answer_is_not_attempted_and_scores_nothing(answer):
    report = run_task(demo(), answer, points=3)
    assert set(states(report)) <= {"not attempted", "skipped"} and report.score == 0
    assert "not attempted yet" in report.headline() or "is not defined" in report.text()


def test_a_crash_is_feedback_and_costs_only_its_property():
    report = run_task(demo(), student(lambda x: 2 * x if isinstance(x, float) else [][5]), points=3)
    assert states(report) == ["passed", "error", "skipped"]
    assert "IndexError: list index out of range" in report.text()


def test_prints_and_warnings_of_the_answer_do_not_leak(capsys):
    def chatty(x):
        import sys
        import warnings

        print("out")
        print("err", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 2 * np.asarray(x)

    assert run_task(demo(), student(chatty)).fraction == 1
    assert capsys.readouterr() == ("", "")


def test_hints_come_one_by_one():
    wrong = student(lambda x: 0.0)
    assert 'check("double", hint=1)' in run_task(demo(), wrong).text()
    two = run_task(demo(), wrong, hint=2).text()
    assert "Hint 1: idea" in two and "Hint 2: formula" in two and "code" not in two
    assert "Hint" not in run_task(demo(), student(lambda x: 2 * np.asarray(x)), hint=2).text()


def test_in_a_notebook_the_plain_text_is_the_points():
    bundle = run_task(demo(), student(lambda x: 4.0), points=3)._repr_mimebundle_()
    assert float(bundle["text/plain"]) == 1.0
    assert bundle[outputs.CHECK]["score"] == 1.0
    assert "times two?" not in bundle["text/html"] and "needs first" in bundle["text/html"]


def test_html_in_an_answer_is_escaped():
    def attack(x):
        raise ValueError("<script>alert(1)</script>")

    page = run_task(demo(), student(attack))._repr_mimebundle_()["text/html"]
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_same_seed_same_inputs():
    seen = []

    def spy(x):
        seen.append(np.array(x))
        return 2 * np.asarray(x)

    run_task(demo(), student(spy), seed=7)
    run_task(demo(), student(spy), seed=7)
    run_task(demo(), student(spy), seed=8)
    assert np.array_equal(seen[1], seen[4]) and not np.array_equal(seen[1], seen[7])


def test_checks_are_loaded_by_name(tmp_path):
    path = tmp_path / "checks.py"
    path.write_text("from scratchlab.checks import task\na = task('one', hints=('1', '2', '3'))\nb = task('two', hints=('1', '2', '3'))\n")
    assert sorted(load_tasks(path)) == ["one", "two"]


def test_a_tiny_difference_is_printed_with_enough_digits_to_see_it():
    with pytest.raises(Wrong) as caught:
        expect_close(0.4309761234, 0.4309761235, tried="nearly", tol=1e-12)
    assert caught.value.got != caught.value.expected.split(" (")[0]
