"""Propose bands for a lab's metrics from runs with many seeds, and look at the bands that stand in lab.yml.

A band reaches half a spread (largest minus smallest value) beyond the runs on each side, and never across zero; an end that
lab.yml leaves open stays open. What is the same for every seed gets its own value: exactly, if it is a whole number or lab.yml
has exactly this number already, else give or take a thousandth, which is room for another machine's rounding.
"""

import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from pathlib import Path

from labwright import contract, results, source
from labwright.contract import Band
from labwright.paths import LABS
from labwright.processes import ONE_THREAD
from labwright.results import Result
from scratchlab import data

MARGIN = 0.5  # of the spread, on each side
FAR = 5  # an end so many spreads away from every run guards nothing
ROUNDING = 1e-3  # of the value, where all runs agree on a number that is not whole


@dataclass(frozen=True)
class Row:
    """One metric: its value for every seed that reported it, and the band that stands in lab.yml."""

    name: str
    values: tuple[float, ...]
    band: Band | None

    @property
    def spread(self) -> float:
        """Largest minus smallest value."""
        return max(self.values) - min(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation over the seeds."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    def proposed(self) -> Band | None:
        """The band to paste (see the module's docstring); None if a run reported something that is no finite number."""
        if not all(map(math.isfinite, self.values)):
            return None
        low, high = min(self.values), max(self.values)
        if self.band and self.band.min == low == high == self.band.max:
            return self.band
        margin = MARGIN * self.spread or (0.0 if low.is_integer() else ROUNDING * abs(low))
        below, above = _rounded(low - margin, margin, ROUND_FLOOR), _rounded(high + margin, margin, ROUND_CEILING)
        below, above = (max(below, 0.0) if low >= 0 else below), (min(above, 0.0) if high <= 0 else above)
        here = self.band or Band(min=below, max=above)
        return Band(min=None if here.min is None else below, max=None if here.max is None else above)

    def remarks(self) -> list[str]:
        """What to look at: no band, missed, not a number, exact, an end far from every run."""
        found = []
        if self.band is None:
            found.append("not in lab.yml")
        elif missed := sum(not self.band.holds(value) for value in self.values):
            found.append(f"missed by {missed} of {len(self.values)}")
        if not all(map(math.isfinite, self.values)):
            return [*found, "not always a finite number"]
        if not self.spread:
            return [*found, "the same for every seed"]
        if self.band and self.band.min is not None and min(self.values) - self.band.min > FAR * self.spread:
            found.append(f"min is more than {FAR} spreads below every run")
        if self.band and self.band.max is not None and self.band.max - max(self.values) > FAR * self.spread:
            found.append(f"max is more than {FAR} spreads above every run")
        return found


def _rounded(value: float, margin: float, direction: str) -> float:
    """`value` rounded outwards to two digits of the margin, so that the YAML stays short."""
    if not margin:
        return value
    step = Decimal(1).scaleb(math.floor(math.log10(margin)) - 1)
    return float((Decimal(value) / step).to_integral_value(direction) * step)


def runs(slug: str, profile: str, seeds: int, jobs: int, done: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Run the lab as a script with `seeds` seeds, from that of lab.yml on, `jobs` at a time; results in the order of the seeds.

    Nothing of the lab's last run is touched. A run that failed has its `error` set.
    """
    promised = contract.read(slug)
    for name in promised.data:
        data.get(name)  # once, before all runs want it
    with ThreadPoolExecutor(jobs) as pool, tempfile.TemporaryDirectory(prefix=f"{slug}-") as folder:
        run = partial(_run, slug, profile, Path(folder))
        futures = {pool.submit(run, seed): seed for seed in range(promised.seed, promised.seed + seeds)}
        found = {}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            done(future.result())
    return [found[seed] for seed in sorted(found)]


def _run(slug: str, profile: str, folder: Path, seed: int) -> Result:
    record = folder / f"{seed}.json"
    command = [sys.executable, str(LABS / slug / "lab.py"), "--profile", profile, "--seed", str(seed), "--record", str(record)]
    environment = os.environ | ONE_THREAD
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result := results.read(record):
        return result
    said = (ended.stderr.strip().splitlines() or ["nothing was printed"])[-1]
    error = f"ended with exit code {ended.returncode}: {said}"
    return Result(slug, profile, "", source.hash_of(slug), date="", seed=seed, error=error)


def rows(slug: str, profile: str, found: list[Result]) -> list[Row]:
    """A row for every metric that a run reported, in the order of lab.yml; new ones last."""
    bands = contract.read(slug).profiles[profile].metrics
    names = dict.fromkeys([*bands, *(name for result in found for name in result.metrics)])
    values = {name: tuple(result.metrics[name] for result in found if name in result.metrics) for name in names}
    return [Row(name, values[name], bands.get(name)) for name in names if values[name]]


def yaml(table: list[Row], indent: int = 6) -> str:
    """The proposals as lines for lab.yml, each with the numbers that it comes from."""
    lines = []
    for row in table:
        if band := row.proposed():
            ends = ", ".join(f"{end}: {_number(value)}" for end in ("min", "max") if (value := getattr(band, end)) is not None)
            said = f"{row.values[0]:.6g}" if not row.spread else f"{min(row.values):.4g} to {max(row.values):.4g}, sd {row.deviation:.2g}"
            lines.append(f"{' ' * indent}{row.name}: {{{ends}}}  # {len(row.values)} seeds: {said}")
    return "\n".join(lines)


def _number(value: float) -> str:
    """A number as YAML reads it back: whole ones without a point, small ones as 1.0e-12."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return text if "e" not in text or "." in text else text.replace("e", ".0e")
