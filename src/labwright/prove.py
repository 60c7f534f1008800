"""Grade the graders: a lab's checks must pass every right answer and fail every wrong one, for the reason that it names.

The lab's definitions (imports, functions, classes, CONSTANTS) are executed in a fresh module, without its experiments;
files in right/ and wrong/ replace some of the solutions there. Every right and wrong answer is judged twice: in this process,
as a learner's own `check(...)` does it, and from outside, as a grader does. Both must come to the same result.
"""

import contextlib
import io
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from labwright import mutate, source
from labwright.grading.judge import only_defines
from labwright.paths import LABS
from scratchlab.checking import Report, load_tasks, run_task
from scratchlab.errors import ScratchlabError
from scratchlab.judged.agent import serve_forked
from scratchlab.judged.proxy import Session

FAILED = ("wrong", "error", "timed out")
SECONDS_OUTSIDE = 120  # for all tasks of one answer, judged from outside
SECONDS_PER_MUTANT = 20  # a mutant that runs longer hangs, which is as good as failing


@dataclass
class Proof:
    """What was tried for one lab, and what went wrong."""

    slug: str
    problems: list[str] = field(default_factory=list)
    right: int = 0
    wrong: int = 0
    mutants: int = 0
    killed: int = 0
    survivors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def kill_rate(self) -> float:
        """Share of the mutants that some property caught; mutants declared equivalent do not count."""
        return self.killed / self.mutants if self.mutants else 1.0


def prove(slug: str, seeds: int = 20, mutants: bool = True) -> Proof:
    """Run the whole gate for one lab. A lab whose `problems` are empty is proven."""
    began, proof = time.perf_counter(), Proof(slug)
    tasks = load_tasks(LABS / slug / "checks.py")
    checked = [name for kind, name, _ in source.graded(slug) if kind == "check"]
    if set(checked) != set(tasks):
        raise ScratchlabError(f"{slug}: lab.py checks {sorted(checked)}, checks.py declares {sorted(tasks)}; they must be the same.")
    for path in [None, *sorted((LABS / slug / "right").glob("*.py"))]:
        _prove_right(proof, tasks, path, seeds)
    _prove_stub(proof, tasks)
    per_task = dict.fromkeys(tasks, 0)
    for path in sorted((LABS / slug / "wrong").glob("*.py")):
        _prove_wrong(proof, tasks, path, per_task)
    proof.problems += [f"{slug}: task '{name}' has {count} wrong answers; it needs two" for name, count in per_task.items() if count < 2]
    if mutants:
        _prove_mutants(proof, tasks)
    proof.seconds = time.perf_counter() - began
    return proof


def student(slug: str, notebook=None) -> ModuleType:
    """A module holding what the lab defines: the reference's, or those of another version of the notebook."""
    module = ModuleType("student")
    for name, code in _definitions(slug) if notebook is None else _definitions_in(notebook):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, f"{slug}: {name}", "exec"), vars(module))
    return module


@cache
def _definitions(slug: str) -> list[tuple[str, str]]:
    return _definitions_in(source.solved(slug))


def _definitions_in(notebook) -> list[tuple[str, str]]:
    """Name and code of the cells that define things, with the setup cell set to the cpu profile."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.id == "setup" or only_defines(cell.source))]
    return [(cell.id, cell.source.replace(", PROFILE)", ', "cpu")') if cell.id == "setup" else cell.source) for cell in cells]


def with_answer(slug: str, path: Path | None) -> ModuleType:
    """The reference's module with the definitions of `path` in place of its own."""
    module = student(slug)
    if path is not None:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    return module


def failures(report: Report) -> dict[str, str]:
    """The properties that failed, as 'task/property' with the message that the learner reads."""
    return {
        f"{report.task}/{each.name}": "\n".join(each.detail) for each in report.outcomes if each.state in ("wrong", "error", "timed out")
    }


def outside(slug: str, tasks: dict, module: ModuleType, seed: int = 0) -> list[Report]:
    """The reports of all tasks as a grader gets them: `module` answers from a fork of this process, which is judged over a socket."""
    path = LABS / slug / "given.py"
    connection, child = serve_forked(module)
    try:
        session = Session(connection, path.read_text(encoding="utf-8") if path.is_file() else "")
        session.peer.deadline = time.monotonic() + SECONDS_OUTSIDE
        return [run_task(task, session.student, seed=seed) for task in tasks.values()]
    finally:
        connection.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _prove_right(proof: Proof, tasks: dict, path: Path | None, seeds: int) -> None:
    module, name = with_answer(proof.slug, path), path.name if path else "the reference"
    proof.right += 1
    for seed in range(seeds):
        for task in tasks.values():
            for where, message in failures(run_task(task, module, seed=seed)).items():
                proof.problems.append(f"{proof.slug}: {name} is right but fails {where} (seed {seed}):\n{message}")
                return
    for report in outside(proof.slug, tasks, module):
        for where, message in failures(report).items():
            proof.problems.append(f"{proof.slug}: {name} is right but fails {where} when it is judged from outside:\n{message}")


def _prove_stub(proof: Proof, tasks: dict) -> None:
    module = student(proof.slug, source.learner(proof.slug))
    for task in tasks.values():
        report = run_task(task, module)
        if report.score != 0:
            proof.problems.append(f"{proof.slug}: the untouched copy earns points for '{task.name}':\n{report.text()}")


def _prove_wrong(proof: Proof, tasks: dict, path: Path, per_task: dict[str, int]) -> None:
    text = path.read_text(encoding="utf-8")
    named = {each.strip() for line in re.findall(r"^# fails: (.*)$", text, re.MULTILINE) for each in line.split(",")}
    words = re.findall(r"^# hears: (.*)$", text, re.MULTILINE)
    if not named or not words:
        proof.problems.append(f"{path}: needs a '# fails: task/property' and a '# hears: words' line")
        return
    module = with_answer(proof.slug, path)
    failed: dict[str, str] = {}
    for task in tasks.values():
        failed |= failures(run_task(task, module))
    proof.wrong += 1
    for name in {each.split("/")[0] for each in named}:
        if name in per_task:
            per_task[name] += 1
    if set(failed) != named:
        proof.problems.append(f"{path}: should fail {sorted(named)}, fails {sorted(failed)}")
    judged: dict[str, str] = {}
    for report in outside(proof.slug, tasks, module):
        judged |= failures(report)
    if set(judged) != named:
        proof.problems.append(f"{path}: judged from outside it should fail {sorted(named)}, fails {sorted(judged)}")
    heard = "\n".join(failed.values())
    for voice in (heard, "\n".join(judged.values())):
        proof.problems += [f"{path}: the learner should hear '{each}', hears:\n{voice}" for each in words if each.strip() not in voice]


def _prove_mutants(proof: Proof, tasks: dict) -> None:
    """At least nine in ten mutants of the reference must be caught; the survivors are listed with their change."""
    equivalent = _equivalent(proof.slug)
    for cell in source.solved(proof.slug).cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type != "code" or name not in tasks:
            continue
        for mutant in mutate.mutants(cell.source):
            if mutant.change in equivalent.get(name, ()):
                continue
            proof.mutants += 1
            if _caught(proof.slug, tasks[name], mutant.code):
                proof.killed += 1
            else:
                proof.survivors.append(f"{name}: {mutant.change}")
    if proof.kill_rate < 0.9:
        listed = "\n  ".join(proof.survivors)
        proof.problems.append(f"{proof.slug}: only {proof.kill_rate:.0%} of {proof.mutants} mutants are caught; survivors:\n  {listed}")


def _equivalent(slug: str) -> dict[str, set[str]]:
    """Mutants declared equivalent in equivalent.txt, lines of 'task: change  # reason', by task."""
    path, declared = LABS / slug / "equivalent.txt", {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        if line.strip() and not line.startswith("#"):
            entry, separator, reason = line.partition("  # ")
            if not separator or not reason.strip():
                raise ScratchlabError(f"{path}: '{line}' gives no reason (two spaces, #, reason).")
            task, _, change = entry.partition(": ")
            declared.setdefault(task, set()).add(change.strip())
    return declared


def _caught(slug: str, task, code: str) -> bool:
    module = student(slug)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            with _time_limit(SECONDS_PER_MUTANT):
                exec(compile(code, "mutant", "exec"), vars(module))
                return run_task(task, module).fraction < 1.0
        except Exception:  # a mutant that cannot even be defined is caught
            return True


class _TooLong(BaseException):
    """Raised in a mutant that runs too long; not an Exception, so that no code under test swallows it."""


@contextlib.contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    except _TooLong as error:
        raise TimeoutError from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
