"""A lab as the gate sees it: cells that define things, in order, and the ways in which its checks judge them."""

import ast
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import ModuleType

from nbformat import NotebookNode

from labwright import source
from labwright.grading.judge import only_defines
from labwright.paths import LABS
from scratchlab.checking import Report, load_tasks, run_task
from scratchlab.checks import Property, Task
from scratchlab.judged.agent import serve_forked
from scratchlab.judged.proxy import Session

FAILED = ("wrong", "error", "timed out")
SECONDS_OUTSIDE = 120  # for all tasks of one answer, judged from outside


@dataclass(frozen=True)
class Cell:
    """A cell that defines things; `task` names the task that it answers, if it does."""

    name: str
    code: str
    task: str = ""


@dataclass(frozen=True)
class Lab:
    """What a trial needs of a lab: its tasks, and the cells that define things, in order."""

    slug: str
    tasks: dict[str, Task]
    cells: tuple[Cell, ...]

    @classmethod
    def read(cls, slug: str) -> "Lab":
        """The lab `slug` with the reference's answers."""
        tasks = load_tasks(LABS / slug / "checks.py")
        return cls(slug, tasks, definitions(source.solved(slug), tasks))

    def define(self, module: ModuleType, cells: Iterable[Cell]) -> ModuleType:
        """Execute `cells` in `module`."""
        for cell in cells:
            exec(compile(cell.code, f"{self.slug}: {cell.name}", "exec"), vars(module))
        return module

    def home(self, code: str) -> int:
        """How many cells come before an answer: those up to the last one that defines a name which the answer defines."""
        names = _defined(code)
        return max((number for number, cell in enumerate(self.cells, 1) if names & _defined(cell.code)), default=len(self.cells))


def definitions(notebook: NotebookNode, tasks: Iterable[str]) -> tuple[Cell, ...]:
    """The cells that define things (experiments are left out), with the setup cell set to the cpu profile."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.id == "setup" or only_defines(cell.source))]
    answers = {cell.id: cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells}
    return tuple(
        Cell(
            cell.id,
            cell.source.replace(", PROFILE)", ', "cpu")') if cell.id == "setup" else cell.source,
            answers[cell.id] if answers[cell.id] in tasks else "",
        )
        for cell in cells
    )


def _defined(code: str) -> set[str]:
    """The names of the functions, classes and constants at the top level of `code`."""
    names: set[str] = set()
    try:
        body = ast.parse(code).body
    except SyntaxError:  # the fork that executes it will say so
        return names
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def from_inside(lab: Lab, module: ModuleType, seed: int) -> dict[str, str]:
    """What fails when a learner's own `check(...)` judges."""
    return _failures(run_task(task, module, seed=seed) for task in lab.tasks.values())


def from_outside(lab: Lab, module: ModuleType, seed: int) -> dict[str, str]:
    """What fails when a grader judges: `module` answers from a fork of this process, over a socket."""
    path = LABS / lab.slug / "given.py"
    connection, child = serve_forked(module)
    try:
        session = Session(connection, path.read_text(encoding="utf-8") if path.is_file() else "")
        session.peer.deadline = time.monotonic() + SECONDS_OUTSIDE
        return _failures(run_task(task, session.student, seed=seed) for task in lab.tasks.values())
    finally:
        connection.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _failures(reports: Iterable[Report]) -> dict[str, str]:
    """The properties that failed, as 'task/property', with the message that the learner reads."""
    return {f"{report.task}/{each.name}": "\n".join(each.detail) for report in reports for each in report.outcomes if each.state in FAILED}


def scores(lab: Lab, module: ModuleType) -> dict[str, str]:
    """The reports of the tasks that earn points, by task."""
    reports = [run_task(task, module) for task in lab.tasks.values()]
    return {report.task: report.text() for report in reports if report.score != 0}


class _Caught(BaseException):
    """Raised at the first property that does not hold; not an Exception, so that no report is made of it."""


def is_caught(task: Task, module: ModuleType) -> bool:
    """Whether a property of `task` does not hold; those after the first such are not tried."""
    try:
        run_task(replace(task, properties=[_stopping(each) for each in task.properties]), module)
    except _Caught:
        return True
    return False


def _stopping(prop: Property) -> Property:
    def test(student, rng) -> None:
        try:
            prop.test(student, rng)
        except Exception:
            raise _Caught from None

    return replace(prop, test=test)
