"""Run a lab's checks against what a learner wrote, and report the result in the learner's words."""

import contextlib
import html
import importlib.util
import random
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from scratchlab import outputs
from scratchlab.checks import Task, Wrong
from scratchlab.errors import ScratchlabError, UnknownName
from scratchlab.judged.agent import seed_everything
from scratchlab.judged.peer import Gone, LearnersError, is_learners_file, quiet
from scratchlab.labs import lab_folder

MARKS = {"passed": "✓", "wrong": "✗", "error": "✗", "timed out": "✗", "skipped": "–", "not attempted": "○"}
ENDED = "timed out"
MAX_LINE = 4000  # characters of a message's line: a value that a learner's code returned may stand in it


@dataclass(frozen=True)
class Outcome:
    """What became of one property. `state` is a key of MARKS; `detail` holds the lines of the message, made fit to be stored."""

    name: str
    says: str
    state: str
    detail: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "detail", tuple(map(_storable, self.detail)))


def _storable(line: str) -> str:
    """The line without halves of characters, which no file can hold, and cut where it is long."""
    line = line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]} [cut]"
    return line.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Report:
    """The result of one check. In a notebook it shows itself; its plain text there is the points, which nbgrader reads."""

    task: str
    outcomes: tuple[Outcome, ...]
    hints: tuple[str, ...]
    points: float | None

    @property
    def fraction(self) -> float:
        """Share of the properties that hold, 0 to 1."""
        return sum(outcome.state == "passed" for outcome in self.outcomes) / len(self.outcomes)

    @property
    def score(self) -> float:
        """Points earned, rounded to a hundredth."""
        return round(self.fraction * (self.points or 1.0), 2)

    def headline(self) -> str:
        """One line: the task, properties that hold, points."""
        held = sum(outcome.state == "passed" for outcome in self.outcomes)
        points = "" if self.points is None else f", {self.score:g} of {self.points:g} points"
        if all(outcome.state == "not attempted" for outcome in self.outcomes):
            return f"{self.task}: not attempted yet{points}"
        return f"{self.task}: {held} of {len(self.outcomes)} properties hold{points}"

    def text(self) -> str:
        """The report for a terminal."""
        lines = [self.headline()]
        for outcome in self.outcomes:
            lines.append(f"  {MARKS[outcome.state]} {outcome.says}")
            lines += [f"      {line}" for line in outcome.detail]
        return "\n".join(lines + self._hint_lines())

    def _hint_lines(self) -> list[str]:
        if self.fraction == 1.0:
            return []
        lines = [f"  Hint {number}: {hint}" for number, hint in enumerate(self.hints, 1)]
        if len(self.hints) < 3:
            lines.append(f'  {"Next hint" if self.hints else "Stuck? A hint"}: check("{self.task}", hint={len(self.hints) + 1})')
        return lines

    def _html(self) -> str:
        items = []
        for outcome in self.outcomes:
            detail = "".join(f"<div>{html.escape(line)}</div>" for line in outcome.detail)
            body = (
                f'<div style="margin:.2em 0 .4em 1.6em;white-space:pre-wrap;font-family:monospace;font-size:.9em">{detail}</div>'
                if detail
                else ""
            )
            items.append(f"<li>{MARKS[outcome.state]} {html.escape(outcome.says)}{body}</li>")
        hints = "".join(f"<p>{html.escape(line.strip())}</p>" for line in self._hint_lines())
        listing = f'<ul style="list-style:none;padding-left:.6em;margin:.3em 0">{"".join(items)}</ul>'
        return f'<div class="scratchlab-check"><strong>{html.escape(self.headline())}</strong>{listing}{hints}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        record = {"task": self.task, "score": self.score, "points": self.points, "outcomes": [asdict(o) for o in self.outcomes]}
        return {"text/plain": f"{self.score}", "text/html": self._html(), outputs.CHECK: record}


def load_tasks(path: Path) -> dict[str, Task]:
    """The tasks declared in a checks.py file, by name."""
    spec = importlib.util.spec_from_file_location(f"scratchlab_checks_{path.parent.name.replace('-', '_')}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ScratchlabError(f"There are no checks at {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tasks = [value for value in vars(module).values() if isinstance(value, Task)]
    return {each.name: each for each in tasks}


def check(slug: str, name: str, *, points: float | None = None, hint: int = 0, student: object | None = None, seed: int = 0) -> Report:
    """Check task `name` of lab `slug` against `student` (default: the running notebook or script)."""
    tasks = load_tasks(lab_folder(slug) / "checks.py")
    if name not in tasks:
        raise UnknownName(f"task in {slug}", name, list(tasks))
    return run_task(tasks[name], student or sys.modules["__main__"], points=points, hint=hint, seed=seed)


def run_task(task: Task, student: ModuleType | object, *, points: float | None = None, hint: int = 0, seed: int = 0) -> Report:
    """Run every property of `task` against `student`, each with its own seeded generator.

    `student` is a module, or what looks like one (scratchlab.judged.proxy.Student). If its process ends or hangs, that property
    is "timed out" and those after it are skipped.
    """
    outcomes: dict[str, Outcome] = {}
    for number, prop in enumerate(task.properties):
        before = outcomes.get(prop.after) if prop.after else None
        if any(each.state == ENDED for each in outcomes.values()):
            outcomes[prop.name] = Outcome(prop.name, prop.says, "skipped", ("not tried any more: the kernel had ended",))
        elif before is not None and before.state in ("wrong", "error", "skipped"):
            outcomes[prop.name] = Outcome(prop.name, prop.says, "skipped", (f"needs first: {before.says}",))
        else:
            outcomes[prop.name] = _run_property(prop, student, [seed, number])
    return Report(task.name, tuple(outcomes.values()), task.hints[:hint], points)


def _run_property(prop, student, seed: list[int]) -> Outcome:
    rng = np.random.default_rng(seed)
    try:
        # A learner's prints and warnings belong to their own cells, not to the report; stderr would cost points in nbgrader.
        with quiet(), seeded(int(np.random.default_rng([*seed, 1]).integers(2**31)), student):
            prop.test(student, rng)
    except Wrong as wrong:
        lines = [f"tried     {wrong.tried}", f"got       {wrong.got}", f"expected  {wrong.expected}"]
        if wrong.look:
            lines.append(f"look      {wrong.look}")
        return Outcome(prop.name, prop.says, "wrong", tuple(lines))
    except NotImplementedError:
        return Outcome(prop.name, prop.says, "not attempted")
    except AttributeError as error:
        if error.obj is student:
            return Outcome(prop.name, prop.says, "not attempted", (f"`{error.name}` is not defined: run the cell that defines it first",))
        return _crashed(prop, error)
    except Exception as error:  # whatever a learner's code raises becomes feedback
        return _crashed(prop, error)
    except Gone as gone:
        reason = {"time is up": "your code ran too long and was stopped; is there a loop that never ends?"}.get(
            str(gone), f"your code did not come back: {gone}"
        )
        return Outcome(prop.name, prop.says, ENDED, (reason,))
    return Outcome(prop.name, prop.says, "passed")


@contextlib.contextmanager
def seeded(seed: int, student):
    """Context in which the global random generators, here and where the learner's code lives, start from `seed`.

    Here they go on afterwards as if nothing had happened: a check must not change the numbers of the next experiment.
    """
    session = getattr(student, "session_", None)
    if session is not None:
        session.seed(seed)
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None
    seed_everything(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch is not None:
            torch.set_rng_state(states[2])


def _crashed(prop, error: Exception) -> Outcome:
    """An exception in the learner's code: say what and, as far as possible, in which line."""
    lines = [f"{type(error).__name__}: {error}"]
    if isinstance(error, LearnersError):
        where = error.frame
    else:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_learners_file(frame.filename)]
        where = (own[-1].name, own[-1].lineno, own[-1].line or "") if own else None
    if where:
        lines.append(f"in        {where[0]}, line {where[1]}: {where[2]}".rstrip(": "))
    return Outcome(prop.name, prop.says, "error", tuple(lines))
