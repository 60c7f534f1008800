"""Attacks that need no class: on the time of a notebook, on what is sent to a learner's process, on what is measured there."""

import math
import os
import shutil
import signal
import time
from types import ModuleType

import pytest
import torch
from nbformat.v4 import new_code_cell

from labwright import source
from labwright.grading import judge, standard
from scratchlab import measure
from scratchlab.checking import run_task
from scratchlab.checks import beside, expect, load_given, task
from scratchlab.judged.agent import serve_forked
from scratchlab.judged.peer import Gone
from scratchlab.judged.proxy import Session

SLUG = "nn-perceptron"


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
def test_a_notebook_whose_time_is_used_up_ends_at_once(tmp_path, monkeypatch):
    """Not with a fresh kernel for each of the cells that are left."""
    monkeypatch.setattr(judge, "NOTEBOOK_SECONDS", 10)
    notebook = source.learner(SLUG)
    notebook.cells[1:1] = [
        new_code_cell("1"),
        new_code_cell("import time; time.sleep(1000)"),
        *[new_code_cell("1 + 1") for _ in range(200)],
    ]
    found = judge.examine(notebook, standard.read(SLUG, tmp_path))
    assert found.restarts <= 1
    assert {question.state for question in found.questions if question.kind == "check"} == {"timed out"}
    assert found.questions[0].findings[0].detail == (judge.STOPPED,)


CODE = """
import gc, time
from scratchlab import measure

def shown():
    agents = [each for each in gc.get_objects() if type(each).__name__ == "Agent"]
    return sorted(name for name in vars(agents[-1].given) if not name.startswith("_"))

def forge():
    measure.elements = lambda *args, **named: {"largest": 0, "peak": 0}

def sleep(seconds):
    time.sleep(seconds)

def double(x):
    return 2 * x
"""
GIVEN = """
import math
import torch

LIMIT = math.inf

def earlier(x):
    return helper(x)

def helper(x):
    return x + LIMIT

def later(x):
    return "the answer to a task that is not judged yet"
"""


@pytest.fixture
def session(tmp_path):
    """A conversation with a learner's process that defines CODE, in a lab whose given.py is GIVEN; and that file as a module."""
    (tmp_path / "given.py").write_text(GIVEN)
    module = ModuleType("student")
    exec(CODE, vars(module))
    connection, child = serve_forked(module)
    made = Session(connection, GIVEN)
    made.peer.deadline = time.monotonic() + 60
    yield made, load_given(str(tmp_path / "checks.py"))
    connection.close()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_learner_sees_of_what_is_given_only_what_a_check_has_used(session):
    session, references = session
    assert session.student.shown() == []
    assert beside(session.student, references.earlier)(1) == math.inf
    assert session.student.shown() == ["LIMIT", "earlier", "helper", "math", "torch"]


def test_an_error_inside_what_is_given_is_not_shown_as_the_learners_line(session):
    session, references = session
    job = task("job", hints=("", "", ""))

    @job.property("what is given gets a number")
    def number(student, rng):
        beside(student, references.earlier)("a word")

    (outcome,) = run_task(job, session.student).outcomes
    assert outcome.state == "error" and "TypeError" in outcome.detail[0]
    assert not any("helper" in line for line in outcome.detail)


def test_a_measurement_in_the_learners_process_can_be_forged_and_earns_no_more_than_its_points(session):
    """The documented limit: what only the learner's process can measure is believed."""
    job = task("job", hints=("", "", ""))

    @job.property("little memory")
    def frugal(student, rng):
        student.forge()
        used = beside(student, measure.elements)(student.double, torch.ones(1000))
        expect(used["peak"] < 10, tried="", got=used, expected="")

    @job.property("it is right")
    def right(student, rng):
        expect(student.double(2) == 5, tried="", got="", expected="")

    report = run_task(job, session[0].student, points=2)
    assert [each.state for each in report.outcomes] == ["passed", "wrong"] and report.score == 1


def test_what_the_grader_itself_takes_costs_the_learner_nothing(session):
    session, _ = session
    session.peer.deadline = time.monotonic() + 2
    for _ in range(3):
        assert session.student.double(2) == 4
        time.sleep(1.5)  # as when a check imports a large library
    with pytest.raises(Gone, match="time is up"):
        session.student.sleep(60)
