"""Run labs: on all cores, only those whose inputs changed, with a progress bar and a clear report."""

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from labwright import cluster, contract, results, warm
from labwright.paths import LABS, RESULTS, ROOT, write_atomically
from labwright.processes import ONE_THREAD
from scratchlab import data, usage
from scratchlab.errors import ScratchlabError, UnknownName
from scratchlab.profile import PROFILES

# What takes long to import and most labs need.
PRELOAD = "import numpy\nimport torch\nimport matplotlib.pyplot\nimport sklearn.linear_model"


@dataclass(frozen=True)
class Outcome:
    """What became of one lab: 'ran', 'cached', 'deferred' or 'failed', and why."""

    slug: str
    state: str
    problems: tuple[str, ...] = ()


@cache
def environment() -> str:
    """Everything installed, by name and version (this package itself counts by its source).

    Only this environment's own folder is read: sys.path may grow while a program runs (setuptools adds its vendored packages).
    """
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    installed = sorted(f"{each.name}=={each.version}" for each in distributions(path=folders) if each.name != "scratchlab")
    return "\n".join([sys.version, *installed])


@cache
def _helper_source() -> bytes:
    folder = ROOT / "src" / "scratchlab"
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".toml"))


def key_of(slug: str, profile: str) -> str:
    """Hash of all that a run depends on: the lab's files, scratchlab, data, environment, profile. Never a time stamp."""
    digest = hashlib.sha256()
    for part in (profile, environment()):
        digest.update(part.encode())
    digest.update(_helper_source())
    for name in ("lab.py", "lab.yml", "checks.py", "given.py"):
        path = LABS / slug / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    for name in contract.read(slug).data:
        digest.update("".join(source.sha256 for source in data.find(name).sources).encode())
    return digest.hexdigest()


def is_fresh(slug: str, profile: str) -> bool:
    """Whether the last run here had exactly these inputs (it may have failed)."""
    last = results.read(results.path_of(slug, profile))
    return last is not None and last.key == key_of(slug, profile) and results.notebook_of(slug, profile).is_file()


def why_deferred(slug: str, profile: str) -> str:
    """Why this machine cannot run the lab in this profile; empty if it can."""
    if profile not in contract.read(slug).profiles:
        return f"the lab has no {profile} profile"
    if profile == "cpu":
        return ""
    import torch

    if not torch.cuda.is_available():
        return "no GPU on this machine"
    small = torch.cuda.get_device_capability() < (9, 0)
    return "needs an H100-class GPU" if profile == "h100" and small else ""


def run(
    slugs: list[str],
    profile: str,
    *,
    jobs: int = 0,
    force: bool = False,
    cold: bool = False,
    scheduler: str = "",
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run the labs, `jobs` at a time (0: one per core), the costliest first; `done` is called with each outcome as it comes.

    `scheduler` is the address of a Dask scheduler whose workers share this folder. Kernels on a CPU are forked from a process
    that has the usual libraries loaded, unless `cold`. What was killed half-way is run again the next time, and nothing else.
    """
    if profile not in PROFILES:
        raise UnknownName("profile", profile, list(PROFILES))
    outcomes, waiting = [], []
    for slug in slugs:
        if reason := why_deferred(slug, profile):
            outcomes.append(Outcome(slug, "deferred", (reason,)))
        elif not force and is_fresh(slug, profile) and (kept := _judged(slug, profile, "cached")).state == "cached":
            outcomes.append(kept)
        else:  # what failed is tried again: the reason may have been the machine's
            waiting.append(slug)
            continue
        done(outcomes[-1])
    for name in sorted({each for slug in waiting for each in contract.read(slug).data if profile == "cpu"}):
        data.get(name)  # once, before the labs: two of them may want the same
    if not waiting:
        return outcomes
    waiting.sort(key=lambda slug: -_seconds_to_expect(slug, profile))
    at_once = 1 if profile != "cpu" else min(jobs or usage.cores(), len(waiting))
    preload = "" if cold or profile != "cpu" else _needed(waiting)
    one_here = len(waiting) == 1 and not scheduler  # starting workers takes longer than most labs
    ran = _run_here(waiting[0], profile, preload) if one_here else _run_by_workers(waiting, profile, preload, scheduler, at_once)
    for outcome in ran:
        outcomes.append(outcome)
        done(outcome)
    return outcomes


def _needed(slugs: list[str]) -> str:
    """The lines of PRELOAD whose package one of these labs names, and the figures' library, which scratchlab names for them."""
    text = "".join((LABS / slug / "lab.py").read_text(encoding="utf-8") for slug in slugs)
    named = set(re.findall(r"^ *(?:import|from) (\w+)", text, re.MULTILINE)) | {"matplotlib"}
    return "\n".join(line for line in PRELOAD.splitlines() if re.split(r"[ .]", line)[1] in named)


def _run_here(slug: str, profile: str, preload: str) -> Iterator[Outcome]:
    """The one lab, run by this process, whose environment is afterwards what it was."""
    before = dict(os.environ)
    try:
        yield _run_one(slug, profile, preload)
    finally:
        warm.close()
        os.environ.clear()
        os.environ.update(before)


def _run_by_workers(slugs: list[str], profile: str, preload: str, scheduler: str, at_once: int) -> Iterator[Outcome]:
    """The labs in the order in which they end."""
    with cluster.client(scheduler, at_once) as client:
        from distributed import as_completed

        futures = {client.submit(_run_one, slug, profile, preload, pure=False, priority=-n): slug for n, slug in enumerate(slugs)}
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                yield Outcome(futures[future], "failed", (f"the process that ran it ended: {type(error).__name__}: {error}",))


def _seconds_to_expect(slug: str, profile: str) -> float:
    """What the lab took the last time, here or where it was recorded; what it promises if it never ran."""
    last = results.last(slug, profile)
    return last.seconds if last and last.seconds else 60 * contract.read(slug).profiles[profile].minutes


def shard(slugs: list[str], profile: str, part: str) -> list[str]:
    """The I-th of N parts ('I/N') of the labs, each of about the same measured minutes; together the parts are all labs, each once."""
    try:
        index, count = (int(each) for each in part.split("/"))
        if not 1 <= index <= count:
            raise ValueError
    except ValueError:
        raise ScratchlabError(f"'{part}' is no shard; write 2/4 for the second of four.") from None
    return pack({slug: _seconds_on_record(slug, profile) for slug in slugs}, count)[index - 1]


def pack(costs: dict[str, float], count: int) -> list[list[str]]:
    """Deal names out to `count` parts: the costliest first, each to the part that has least so far (of equals, the shortest)."""
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for name in sorted(costs, key=lambda name: (-costs[name], name)):
        least = min(range(count), key=lambda part: (loads[part], len(parts[part])))
        parts[least].append(name)
        loads[least] += costs[name]
    return parts


def _seconds_on_record(slug: str, profile: str) -> float:
    """As committed, so that all machines deal the labs out alike: never from this machine's own runs."""
    recorded = results.read(RESULTS / profile / f"{slug}.json")
    promised = contract.read(slug).profiles.get(profile)
    if promised is None:
        return 0.0
    return recorded.seconds if recorded else 60 * promised.minutes


def _run_one(slug: str, profile: str, preload: str) -> Outcome:
    """Execute one lab, in a process that runs one lab after another."""
    results.path_of(slug, profile).unlink(missing_ok=True)  # so that an old result is never taken for this run's
    os.environ |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "LABWRIGHT_WARM": preload}
    os.environ["SCRATCHLAB_RUN"] = "1"  # deprecations are for the result, not for readers
    os.environ |= ONE_THREAD
    warm.load_ahead(preload)
    from labwright.execute import execute  # takes a second or two: meanwhile the kernel's libraries load

    execute(slug, profile, key_of(slug, profile))
    return _judged(slug, profile, "ran")


def _judged(slug: str, profile: str, state: str) -> Outcome:
    problems = results.problems(results.read(results.path_of(slug, profile)))
    return Outcome(slug, "failed" if problems else state, tuple(problems))


def record(slug: str, profile: str) -> Path:
    """Copy the last run's result into results/, to be committed."""
    target = RESULTS / profile / f"{slug}.json"
    write_atomically(target, results.path_of(slug, profile).read_text(encoding="utf-8"))
    return target
