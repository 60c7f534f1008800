"""Whatever is done to a notebook or its bytes: intake never raises, and what comes out is whole, valid and comes out the same again."""

import copy
import json

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_intake import FILE, GOOD, LAB, RELEASED, archive

from labwright.grading.intake import Received, receive
from labwright.source import solved

GRADED = sorted(cell.metadata.nbgrader.grade_id for cell in RELEASED.cells if "nbgrader" in cell.metadata)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([*GRADED, "setup", "own-1"])
sources = st.sampled_from([cell.source for cell in RELEASED.cells]) | st.text(st.characters(exclude_categories=()), max_size=40)
cells = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | json_values,
        "source": sources | st.lists(sources, max_size=2) | json_values,
    },
    optional={"id": names | json_values, "metadata": names.map(lambda name: {"nbgrader": {"grade_id": name}}) | json_values},
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(cells | json_values, max_size=6) | json_values},
    optional={"metadata": json_values, "nbformat": st.sampled_from([1, 2, 3, 4, 5]) | json_values, "worksheets": json_values},
)


@pytest.fixture
def submit(tmp_path):
    """Hand in one file and receive it."""

    def receive_alone(name: str, data: bytes) -> Received:
        for old in tmp_path.iterdir():
            old.unlink()
        (tmp_path / name).write_bytes(data)
        return receive(tmp_path, LAB, RELEASED)

    return receive_alone


def assert_sound(received: Received, submit) -> None:
    """A clean notebook is valid, has every graded cell once, each check below its solution, and comes through unchanged."""
    nbformat.validate(received.notebook)
    graded = [cell.metadata.nbgrader.grade_id for cell in received.notebook.cells if "nbgrader" in cell.metadata]
    assert sorted(graded) == GRADED
    assert all(graded.index(name) < graded.index(f"check-{name}") for name in graded if f"check-{name}" in graded)
    assert all(name == cell.id for name, cell in zip(graded, [c for c in received.notebook.cells if "nbgrader" in c.metadata], strict=True))
    again = submit(FILE, nbformat.writes(received.notebook).encode())
    assert again == Received(received.notebook, (), received.digest)


@relaxed
@given(st.binary(max_size=200) | st.text().map(str.encode) | json_values.map(json.dumps).map(str.encode))
def test_random_bytes_are_refused_with_a_reason(submit, data):
    for name in (FILE, "a.zip"):
        received = submit(name, data)
        assert received.notebook is None
        assert received.notes


@relaxed
@given(notebooks.map(json.dumps).map(str.encode))
def test_random_notebooks_come_out_sound_or_are_refused(submit, data):
    received = submit(FILE, data)
    if received.notebook is None:
        assert len(received.notes) == 1
    else:
        assert_sound(received, submit)


@relaxed
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=20))
def test_a_damaged_archive_gives_the_notebook_or_a_reason(submit, changes):
    data = bytearray(archive({FILE: GOOD, "x.txt": b"x" * 100}))
    for back, value in changes:
        data[-1 - back % len(data)] = value
    received = submit("a.zip", bytes(data))
    assert received.notes
    assert received.notebook is None or received.digest == submit(FILE, GOOD).digest


def edit(notebook, kind: str, at: int, other: int, source: str) -> None:
    """One thing that happens to notebooks, done to the cell `at`."""
    cells = notebook.cells
    at, other = at % len(cells), other % len(cells)
    if kind == "swap":
        cells[at], cells[other] = cells[other], cells[at]
    elif kind == "drop" and len(cells) > 1:
        del cells[at]
    elif kind == "copy":
        cells.insert(other, copy.deepcopy(cells[at]))
    elif kind == "merge":
        cells[at].source += "\n\n" + cells[other].source
    elif kind == "write":
        cells[at].source = source
    elif kind == "white space":
        cells[at].source = "\n" + cells[at].source.replace("\n", " \n") + "\n"
    elif kind == "type":
        cells[at].cell_type = ("markdown", "code", "raw")[other % 3]
    elif kind == "no id":
        cells[at].pop("id", None)
    elif kind == "no metadata":
        cells[at].metadata = {}
    elif kind == "no names":
        for cell in cells:
            cell.metadata = {}
            cell.pop("id", None)


kinds = st.sampled_from("swap,drop,copy,merge,write,white space,type,no id,no metadata,no names".split(","))
# The graded cells are few among many: aim at them half of the time, by thinning out the rest.
edits = st.lists(st.tuples(kinds, st.integers(0, 100), st.integers(0, 100), sources), max_size=12)


@settings(relaxed, max_examples=300)
@given(st.sampled_from([RELEASED, solved(LAB)]), st.booleans(), edits)
def test_whatever_is_done_to_a_notebook_it_comes_out_sound(submit, start, thin, edits):
    notebook = copy.deepcopy(start)
    if thin:
        notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata or cell.id in ("setup", "text-0b497b37")]
    for each in edits:
        edit(notebook, *each)
    received = submit(FILE, json.dumps(notebook).encode())
    if received.notebook is None:
        assert "another lab" in received.notes[0]
    else:
        assert_sound(received, submit)
