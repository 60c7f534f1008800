"""What is tried: each trial is forked after some cells of the lab, executes other cells there, and is judged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from labwright import mutate, source
from labwright.paths import LABS
from labwright.prove.forks import End
from labwright.prove.lab import Cell, Lab, definitions, from_inside, from_outside, is_caught, scores
from labwright.prove.proof import Amount, Proof
from scratchlab.errors import ScratchlabError

SECONDS = 300  # of CPU time for an answer; one that takes longer hangs
SECONDS_PER_MUTANT = 20  # a mutant that hangs is as good as caught
SEEDS_PER_FORK = 5


@dataclass(frozen=True)
class Trial:
    """Execute `cells` in a fork made after the first `at` cells of the lab, then `judge` there and `read` here how it ended."""

    what: str
    at: int
    cells: tuple[Cell, ...]
    seconds = SECONDS

    def judge(self, lab: Lab, module: ModuleType) -> Any:
        """What the checks say about `module`, as plain data."""
        raise NotImplementedError

    def read(self, proof: Proof, end: End) -> None:
        """Enter into `proof` what `end` says about the lab."""
        raise NotImplementedError


@dataclass(frozen=True)
class Right(Trial):
    """A right answer on some seeds: none may fail. `told` is shared by the trials of one answer, of which one failure is told."""

    seeds: range
    outside: bool
    told: set[str]

    def judge(self, lab: Lab, module: ModuleType) -> list[dict[str, str]]:
        judge = from_outside if self.outside else from_inside
        return [judge(lab, module, seed) for seed in self.seeds]

    def read(self, proof: Proof, end: End) -> None:
        judged = "judged from outside" if self.outside else "judged from inside"
        if end.died:
            said = [f"it {end.died} (seeds {list(self.seeds)}, {judged})"]
        else:
            pairs = zip(self.seeds, end.value, strict=True)
            said = [f"fails {where} (seed {seed}, {judged}):\n{message}" for seed, each in pairs for where, message in each.items()]
        if said and judged not in self.told:
            self.told.add(judged)
            proof.problems.append(f"{proof.slug}: {self.what} is right but {said[0]}")


@dataclass(frozen=True)
class Stub(Trial):
    """The learner's untouched copy: it may not earn points."""

    def judge(self, lab: Lab, module: ModuleType) -> dict[str, str]:
        return scores(lab, module)

    def read(self, proof: Proof, end: End) -> None:
        if end.died:
            proof.problems.append(f"{proof.slug}: {self.what} {end.died}")
        for task, text in (end.value or {}).items():
            proof.problems.append(f"{proof.slug}: {self.what} earns points for '{task}':\n{text}")


@dataclass(frozen=True)
class Wrong(Trial):
    """A wrong answer: from inside and from outside it must fail exactly the properties `named`, and hear the `words`."""

    path: Path
    named: frozenset[str]
    words: tuple[str, ...]

    def judge(self, lab: Lab, module: ModuleType) -> list[dict[str, str]]:
        return [from_inside(lab, module, 0), from_outside(lab, module, 0)]

    def read(self, proof: Proof, end: End) -> None:
        if end.died:
            proof.problems.append(f"{self.path}: should fail {sorted(self.named)}, but {end.died}")
            return
        for judged, failed in zip(("", "judged from outside it "), end.value, strict=True):
            if set(failed) != self.named:
                proof.problems.append(f"{self.path}: {judged}should fail {sorted(self.named)}, fails {sorted(failed)}")
            voice = "\n".join(failed.values())
            proof.problems += [
                f"{self.path}: {judged}the learner should hear '{each}', hears:\n{voice}" for each in self.words if each not in voice
            ]


@dataclass(frozen=True)
class Mutant(Trial):
    """The reference's answer to `task` with one small change: some property must notice."""

    task: str
    seconds = SECONDS_PER_MUTANT

    def judge(self, lab: Lab, module: ModuleType) -> bool:
        return is_caught(lab.tasks[self.task], module)

    def read(self, proof: Proof, end: End) -> None:
        proof.mutants += 1
        if end.died or end.value:
            proof.killed += 1
        else:
            proof.survivors.append(self.what)


def every_trial(lab: Lab, amount: Amount, proof: Proof) -> list[Trial]:
    """All trials of a lab. What is wrong with the files of its answers goes into `proof` at once."""
    trials: list[Trial] = []
    for path in [None, *sorted((LABS / lab.slug / "right").glob("*.py"))]:
        proof.right += 1
        trials += _right(lab, path, amount)
    trials.append(_stub(lab))
    wrong = list(_wrong(lab, proof))
    for task in lab.tasks:
        count = sum(any(name.startswith(f"{task}/") for name in each.named) for each in wrong)
        if count < 2:
            proof.problems.append(f"{lab.slug}: task '{task}' has {count} wrong answers; it needs two")
    chosen = _some(wrong, amount)
    proof.wrong = len(chosen)
    return [*trials, *chosen, *(_mutants(lab) if amount.mutants else ())]


def _right(lab: Lab, path: Path | None, amount: Amount) -> Iterator[Right]:
    name = path.name if path else "the reference"
    at, cells = _answered(lab, path) if path else (len(lab.cells), ())
    told: set[str] = set()
    for first in range(0, amount.seeds, SEEDS_PER_FORK):
        yield Right(name, at, cells, range(first, min(first + SEEDS_PER_FORK, amount.seeds)), False, told)
    for seed in range(amount.outside):
        yield Right(name, at, cells, range(seed, seed + 1), True, told)


def _answered(lab: Lab, path: Path) -> tuple[int, tuple[Cell, ...]]:
    """Where the answer of a file is forked, and what is executed there: the file, then the rest of the lab."""
    code = path.read_text(encoding="utf-8")
    at = lab.home(code)
    return at, (Cell(path.name, code), *lab.cells[at:])


def _stub(lab: Lab) -> Stub:
    cells = definitions(source.learner(lab.slug), lab.tasks)
    at = next((n for n, (ours, theirs) in enumerate(zip(lab.cells, cells, strict=False)) if ours != theirs), len(lab.cells))
    return Stub("the untouched copy", at, cells[at:])


def _wrong(lab: Lab, proof: Proof) -> Iterator[Wrong]:
    for path in sorted((LABS / lab.slug / "wrong").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        named = frozenset(each.strip() for line in re.findall(r"^# fails: (.*)$", text, re.MULTILINE) for each in line.split(","))
        words = tuple(each.strip() for each in re.findall(r"^# hears: (.*)$", text, re.MULTILINE))
        if not named or not words:
            proof.problems.append(f"{path}: needs a '# fails: task/property' and a '# hears: words' line")
            continue
        yield Wrong(path.name, *_answered(lab, path), path, named, words)


def _some(wrong: list[Wrong], amount: Amount) -> list[Wrong]:
    """The first few wrong answers to each task, those to the same tasks counted together; or all."""
    kinds: dict[frozenset[str], list[Wrong]] = {}
    for each in wrong:
        kinds.setdefault(frozenset(name.partition("/")[0] for name in each.named), []).append(each)
    return [each for group in kinds.values() for each in group[: amount.wrong]]


def _mutants(lab: Lab) -> Iterator[Mutant]:
    equivalent = _equivalent(lab.slug)
    for number, cell in enumerate(lab.cells):
        for mutant in mutate.mutants(cell.code) if cell.task else ():
            if mutant.change not in equivalent.get(cell.task, ()):
                what = f"{cell.task}: {mutant.change}"
                yield Mutant(what, number, (Cell("mutant", mutant.code), *lab.cells[number + 1 :]), cell.task)


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
