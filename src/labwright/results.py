"""What a run of a lab produced, as one small JSON file, and whether it kept the lab's contract."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labwright import contract, source
from labwright.paths import EXECUTED, RESULTS


@dataclass
class Result:
    """One run. `key` is the hash of everything that went in, `source` that of lab.py alone; `error` is set if a cell failed."""

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
            low, high = ("-∞" if band.min is None else band.min), ("∞" if band.max is None else band.max)
            found.append(f"metric '{name}' is {result.metrics[name]:.6g}, outside [{low}, {high}]")
    found += [f"metric '{name}' was recorded and is not in lab.yml" for name in result.metrics if name not in promised.metrics]
    if result.memory_gb > promised.memory_gb:
        found.append(f"used {result.memory_gb:.2f} GB; the contract allows {promised.memory_gb:g}")
    if result.seconds <= 0:
        found.append("ran in no time at all: nothing was executed")
    scores = {check["task"]: check["score"] for check in result.checks}
    for kind, name, points in source.graded(result.slug):
        if kind == "check" and scores.get(name) != points:
            found.append(f"the reference earns {scores.get(name, 'nothing')} of {points:g} points in '{name}'")
    return found
