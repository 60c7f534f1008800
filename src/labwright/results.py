"""What a run of a lab produced, as one small JSON file, and whether it kept the lab's contract."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from labwright import contract, source
from labwright.paths import EXECUTED, RESULTS, write_atomically
from scratchlab.errors import ScratchlabError


@dataclass
class Result:
    """One run. `key` is the hash of everything that went in (empty: run as a script), `source` that of lab.py alone.

    `error` is set if a cell failed. `memory_gb` is what the contract limits: the GPU's if the lab ran on one, else the host's.
    `machine` is the name of that GPU or processor; `hardware` has the rest: cpu, cores, gpu, driver, cuda.
    `deprecations` are {kind, where, ours, text}; `warnings` is what else was written to stderr.
    """

    slug: str
    profile: str
    key: str
    source: str
    date: str
    seconds: float = 0.0
    memory_gb: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)
    checks: list[dict] = field(default_factory=list)
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    hardware: dict[str, str | int] = field(default_factory=dict)
    host_memory_gb: float = 0.0
    gpu_memory_gb: float = 0.0
    commit: str = ""
    seed: int | None = None
    parameters: dict[str, int | float | str | bool] = field(default_factory=dict)
    deprecations: list[dict] = field(default_factory=list)

    def take(self, facts: Mapping) -> None:
        """Keep what the lab's own process said about itself (see `scratchlab.usage.facts`)."""
        for each in fields(self):
            if each.name in facts:
                setattr(self, each.name, facts[each.name])


def path_of(slug: str, profile: str) -> Path:
    """The result of the last run on this machine."""
    return EXECUTED / profile / f"{slug}.json"


def notebook_of(slug: str, profile: str = "cpu") -> Path:
    """The executed notebook of the last run on this machine."""
    return EXECUTED / profile / f"{slug}.ipynb"


def read(path: Path) -> Result | None:
    """The result in a file; None if there is none or it was written by another version of this tool."""
    try:
        return Result(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def dump(result: Result) -> str:
    """The result as text, keys in a fixed order."""
    return json.dumps(asdict(result), indent=1) + "\n"


def last(slug: str, profile: str) -> Result | None:
    """The newest result: this machine's own run, else the recorded one."""
    return read(path_of(slug, profile)) or read(RESULTS / profile / f"{slug}.json")


def problems(result: Result) -> list[str]:
    """Where a run broke the lab's contract; empty if it kept it."""
    if result.error:
        return [result.error]
    promised = contract.read(result.slug).profiles[result.profile]
    found = []
    for name, band in promised.metrics.items():
        if name not in result.metrics:
            found.append(f"metric '{name}' was promised in lab.yml and not recorded")
        elif not band.holds(result.metrics[name]):
            found.append(f"metric '{name}' is {result.metrics[name]:.6g}, outside {band}")
    found += [f"metric '{name}' was recorded and is not in lab.yml" for name in result.metrics if name not in promised.metrics]
    if result.memory_gb > promised.memory_gb:
        found.append(f"used {result.memory_gb:.2f} GB; the contract allows {promised.memory_gb:g}")
    found += [f"{each['where']} uses what will go away: {each['text']}" for each in result.deprecations if each["ours"]]
    if result.seconds <= 0:
        found.append("ran in no time at all: nothing was executed")
    scores = {check["task"]: check["score"] for check in result.checks}
    for kind, name, points in source.graded(result.slug):
        if kind == "check" and scores.get(name) != points:
            found.append(f"the reference earns {scores.get(name, 'nothing')} of {points:g} points in '{name}'")
    return found


def findings(result: Result) -> list[str]:
    """What authors should know about a run that kept its contract: warnings of deprecation in other people's code."""
    return [f"{each['where']}: {each['kind']}: {each['text']}" for each in result.deprecations if not each["ours"]]


def accept(path: Path) -> Path:
    """Take the record that `lab.py --record` wrote on another machine into results/, if it is this lab's and kept its contract."""
    result = read(path)
    if result is None:
        raise ScratchlabError(f"{path} is no record of a run. `python labs/SLUG/lab.py --profile PROFILE --record FILE` writes one.")
    promised = contract.read(result.slug)
    if result.profile not in promised.profiles:
        raise ScratchlabError(f"{path}: the lab {result.slug} has no {result.profile} profile.")
    points = {name: points for kind, name, points in source.graded(result.slug) if kind == "check"}
    for check in result.checks:  # a script does not know the points of its checks: it has the share
        if check["points"] is None and check["task"] in points:
            check |= {"points": points[check["task"]], "score": round(check["score"] * points[check["task"]], 2)}
    again = f"Run it again: python labs/{result.slug}/lab.py --profile {result.profile} --record FILE"
    if result.source != source.hash_of(result.slug):
        raise ScratchlabError(f"{path} comes from another text of {result.slug}'s lab.py than the one here. {again}")
    if (result.parameters, result.seed) != (promised.profiles[result.profile].parameters, promised.seed):
        raise ScratchlabError(f"{path} comes from other parameters or another seed than lab.yml has. {again}")
    if broken := problems(result):
        raise ScratchlabError(f"{path} breaks the contract of {result.slug}:\n" + "\n".join(broken))
    target = RESULTS / result.profile / f"{result.slug}.json"
    write_atomically(target, dump(result))
    return target
