"""Run a submitted notebook in a kernel of its own, and answer its checks from outside.

A crash, an exit or a loop costs the check in which it happens: the kernel is started again, what was defined before is
defined again, and the next checks are judged as if nothing had happened.
"""

import ast
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Unicode

from labwright.grading import standard
from labwright.grading.kernel import SANDBOX, Kernel, KernelGone, use_kernelspecs
from labwright.grading.records import Finding, Question
from labwright.processes import resident_gb, tree
from scratchlab.checking import ENDED, Outcome, Report, run_task
from scratchlab.checks import Task
from scratchlab.errors import ScratchlabError
from scratchlab.judged.peer import Gone

CELL_SECONDS = int(os.environ.get("LABWRIGHT_CELL_SECONDS", "60"))
CHECK_SECONDS = int(os.environ.get("LABWRIGHT_CHECK_SECONDS", "60"))
NOTEBOOK_SECONDS = int(os.environ.get("LABWRIGHT_NOTEBOOK_SECONDS", "600"))
STOPPED = "the notebook's time was used up before this cell"


@dataclass
class Examination:
    """What came of a notebook: its graded cells in order, and what it cost. The notebook's outputs are filled in."""

    questions: list[Question] = field(default_factory=list)
    restarts: int = 0
    deaths: int = 0  # of kernels that ended by themselves, or were killed by somebody else
    memory_gb: float = 0.0
    missed_name: bool = False  # something that a cell left out would have defined
    whole: bool = True


def examine(notebook: NotebookNode, held: standard.Standard, whole: bool = True, kernel_name: str = SANDBOX) -> Examination:
    """Run `notebook` and judge its checks; their reports become the cells' outputs.

    With `whole=False` cells of ours that only experiment are left out, unless something turns out to need what they define.
    """
    use_kernelspecs()
    if not whole:
        outcome = _run(notebook, held, _is_needed, kernel_name)
        outcome.whole = False
        if not outcome.missed_name:
            return outcome
    return _run(notebook, held, lambda cell: True, kernel_name)


def _run(notebook: NotebookNode, held: standard.Standard, needed: Callable, kernel_name: str) -> Examination:
    """Run it; once more if a kernel died in it, for that may have come from outside: a death counts when it happens again."""
    outcome = _run_once(notebook, held, needed, kernel_name)
    return _run_once(notebook, held, needed, kernel_name) if outcome.deaths else outcome


def _run_once(notebook: NotebookNode, held: standard.Standard, needed: Callable, kernel_name: str) -> Examination:
    outcome = Examination()
    with Kernel(held.slug, kernel_name, time.monotonic() + NOTEBOOK_SECONDS) as kernel:
        before: list[str] = []
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            if utils.is_grade(cell) and utils.is_solution(cell):
                outcome.questions.append(_written(cell))
            elif utils.is_grade(cell):
                report = _judge(kernel, cell, held, before)
                outcome.questions.append(_question(cell, report))
                cell.outputs = [new_output("execute_result", data=report._repr_mimebundle_(), execution_count=None)]
                outcome.memory_gb = max(outcome.memory_gb, resident_gb(tree(kernel.manager.provisioner.pid)))
                outcome.missed_name |= any(line.startswith("NameError") for each in report.outcomes for line in each.detail)
            elif cell.cell_type == "code" and cell.source.strip() and needed(cell):
                cell.outputs = _execute(kernel, cell.source, before)
                outcome.missed_name |= any(each.get("ename") == "NameError" for each in cell.outputs)
        outcome.restarts, outcome.deaths = kernel.restarts, kernel.deaths
    return outcome


def _is_needed(cell: NotebookNode) -> bool:
    """Whether an answer may depend on the cell: it is the learner's, opens the lab, or only defines things."""
    role = cell.metadata.get("scratchlab", {}).get("role", "own")
    return role != "given" or "parameters" in cell.metadata.get("tags", []) or only_defines(cell.source)


def only_defines(code: str) -> bool:
    """Whether a cell holds nothing but imports, functions, classes, docstrings and CONSTANTS."""

    def defines(node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign):
            return all(isinstance(target, ast.Name) and target.id.isupper() for target in node.targets) and node.targets[0].id != "PROFILE"
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)

    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    return bool(body) and all(defines(node) for node in body)


def _execute(kernel: Kernel, code: str, before: list[str]) -> list:
    """Run a cell; if it takes the kernel down, say so in its output and go on with a fresh one that never ran it."""
    if _is_over(kernel):
        return [new_output("error", ename="Stopped", evalue=STOPPED, traceback=[STOPPED])]
    try:
        outputs = _sane(kernel.run, code, CELL_SECONDS)
        before.append(code)
        return outputs
    except (KernelGone, Gone) as gone:
        _revive(kernel, before)
        text = f"This cell was stopped: {gone}. The notebook went on without it."
        return [new_output("error", ename="Stopped", evalue=text, traceback=[text])]


def _sane(ask: Callable, *args) -> Any:
    """What ask(*args) returns. Errors: Gone where the kernel's messages make no sense, for the learner's code can send its own."""
    try:
        return ask(*args)
    except (KernelGone, ScratchlabError, OSError):
        raise
    except Exception as error:
        raise Gone(f"the kernel sent what is no message ({type(error).__name__})") from error


def _revive(kernel: Kernel, before: list[str]) -> None:
    """A fresh kernel in which everything before is defined again; a cell that fails this time is forgotten."""
    if _is_over(kernel):  # no other cell will be run
        return None
    kernel.start()
    for code in list(before):
        try:
            _sane(kernel.run, code, CELL_SECONDS)
        except (KernelGone, Gone):
            before.remove(code)
            return _revive(kernel, before)
    return None


def _judge(kernel: Kernel, cell: NotebookNode, held: standard.Standard, before: list[str]) -> Report:
    """The report on one check, whatever the kernel does meanwhile."""
    name, points = cell.metadata.nbgrader.grade_id.removeprefix("check-"), float(cell.metadata.nbgrader.points)
    task = held.tasks[name]
    if _is_over(kernel):
        return _ended(task, STOPPED, points)
    try:
        session = _sane(kernel.session, held.given, CHECK_SECONDS)
        report = run_task(task, session.student, points=points, seed=held.seed(name))
        session.close()
        _sane(kernel.settle)
    except Gone as gone:
        _revive(kernel, before)
        return _ended(task, STOPPED if _is_over(kernel) else f"your code did not come back: {gone}", points)
    if any(each.state == ENDED for each in report.outcomes):
        _revive(kernel, before)
    return report


def _ended(task: Task, reason: str, points: float) -> Report:
    """A report in which no property came to its end."""
    return Report(task.name, tuple(Outcome(each.name, each.says, ENDED, (reason,)) for each in task.properties), (), points)


def _is_over(kernel: Kernel) -> bool:
    """Whether the notebook's time is used up."""
    return time.monotonic() > kernel.deadline


def _question(cell: NotebookNode, report: Report) -> Question:
    states = {each.state for each in report.outcomes}
    if ENDED in states:
        state = "timed out"
    elif states == {"passed"}:
        state = "passed"
    else:
        state = "not attempted" if states == {"not attempted"} else "wrong"
    findings = tuple(Finding(name=o.name, says=o.says, state=o.state, detail=o.detail) for o in report.outcomes)
    return Question(
        cell=cell.metadata.nbgrader.grade_id,
        name=report.task,
        kind="check",
        points=report.points or 0.0,
        score=report.score,
        state=state,
        findings=findings,
    )


def _written(cell: NotebookNode) -> Question:
    """A written answer: a person's, unless nothing was written."""
    meta = cell.metadata.nbgrader
    untouched = meta.get("checksum") == utils.compute_checksum(cell)
    return Question(
        cell=meta.grade_id,
        name=meta.grade_id.removeprefix("answer-"),
        kind="answer",
        points=float(meta.points),
        score=0.0 if untouched else None,
        state="not attempted" if untouched else "waiting",
    )


class JudgeExecute(Execute):
    """nbgrader's Execute, with the checks judged from outside. `kernelspec` names the kernel that learners' code runs in."""

    kernelspec = Unicode(SANDBOX, help="kernel for learners' code").tag(config=True)

    def preprocess(self, nb, resources, km=None):
        """Run the notebook of resources['nbgrader'] and fill in its outputs."""
        examine(nb, standard.read(resources["nbgrader"]["assignment"]), kernel_name=self.kernelspec)
        return nb, resources
