"""The gate: every right answer on every seed, the untouched copy, every wrong answer and every mutant of one lab."""

import contextlib
import importlib
import io
import sys
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType

from labwright import source
from labwright.prove.forks import End, Forks
from labwright.prove.proof import Amount, Proof, keep, kept, key_of
from labwright.prove.trials import SECONDS, Lab, Trial, every_trial
from scratchlab import usage
from scratchlab.checking import run_task
from scratchlab.errors import ScratchlabError

Seen = Callable[[int, int, str], None]  # called with the number of a trial that begins, how many there are, and what is tried


def proven(slug: str, amount: Amount = Amount(), *, jobs: int = 0, force: bool = False, seen: Seen = lambda *_: None) -> Proof:
    """The proof of a lab: the kept one, unless something changed that it depends on (or `force`); else made now."""
    key = key_of(slug)
    last = None if force else kept(slug, amount)
    if last is not None:
        return last
    proof = prove(slug, amount, jobs=jobs, seen=seen)
    keep(proof, amount, key)
    return proof


def prove(slug: str, amount: Amount = Amount(), *, jobs: int = 0, seen: Seen = lambda *_: None) -> Proof:
    """Run the whole gate for one lab, `jobs` trials at a time (0: one per core). A lab whose `problems` are empty is proven.

    Errors: ScratchlabError if lab.py and checks.py do not have the same tasks, or equivalent.txt is malformed.
    """
    began, proof, lab = time.perf_counter(), Proof(slug=slug), Lab.read(slug)
    checked = [name for kind, name, _ in source.graded(slug) if kind == "check"]
    if set(checked) != set(lab.tasks):
        raise ScratchlabError(f"{slug}: lab.py checks {sorted(checked)}, checks.py declares {sorted(lab.tasks)}; they must be the same.")
    trials = every_trial(lab, amount, proof)
    for trial, end in zip(trials, _try(lab, trials, jobs or usage.cores(), seen), strict=True):
        trial.read(proof, end)
    if proof.kill_rate < 0.9:
        listed = "\n  ".join(proof.survivors)
        proof.problems.append(f"{slug}: only {proof.kill_rate:.0%} of {proof.mutants} mutants are caught; survivors:\n  {listed}")
    proof.seconds = time.perf_counter() - began
    return proof


def _try(lab: Lab, trials: list[Trial], jobs: int, seen: Seen) -> list[End]:
    """How each trial ended. The lab is defined here once, cell by cell; a trial is forked where its own cells begin."""
    ends: dict[int, End] = {}
    module, defined, begun = ModuleType("student"), 0, 0
    with Forks(jobs) as forks:
        for number, trial in sorted(enumerate(trials), key=lambda each: each[1].at):
            with contextlib.redirect_stdout(io.StringIO()):
                lab.define(module, lab.cells[defined : trial.at])
            defined = trial.at
            if not begun:
                _load_what_checks_load(lab, module, defined)
            begun += 1
            seen(begun, len(trials), trial.what)
            forks.start(partial(_in_fork, lab, module, trial), partial(ends.__setitem__, number), seconds=trial.seconds)
    return [ends[number] for number in range(len(trials))]


def _in_fork(lab: Lab, module: ModuleType, trial: Trial):
    return trial.judge(lab, lab.define(module, trial.cells))


def _load_what_checks_load(lab: Lab, module: ModuleType, defined: int) -> None:
    """Import here what the checks import only when they run, so that not every fork has to: some of it takes seconds.

    The checks themselves run in a fork, which may not come back; here nothing is run that could start threads.
    """

    def loaded() -> list[str]:
        before = set(sys.modules)
        lab.define(module, lab.cells[defined:])
        for task in lab.tasks.values():
            run_task(task, module)
        return [name for name in sys.modules if name not in before]

    ends: list[End] = []
    with Forks(1) as forks:
        forks.start(loaded, ends.append, seconds=SECONDS)
    for name in ends[0].value or ():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
