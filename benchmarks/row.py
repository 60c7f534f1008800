"""One line of the report, and the way all of them are measured: ours and the peer in turns, on the same work."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """`ours` and `peer` are medians, in seconds unless the name says a rate; `ratio` is how many times better ours is, the median
    over `runs` pairs, and `spread` the smallest and the largest of these."""

    name: str
    ours: float
    peer: float
    ratio: float
    spread: tuple[float, float]
    runs: int


def in_turns(name: str, pairs: Iterator[tuple[float, float]], better: str) -> Row:
    """A row from pairs of (ours, peer), each measured right after the other. `better`: "higher" or "lower"."""
    measured = list(pairs)
    ratios = [ours / peer if better == "higher" else peer / ours for ours, peer in measured]
    ours, peer = (statistics.median(column) for column in zip(*measured, strict=True))
    return Row(name, ours, peer, statistics.median(ratios), (min(ratios), max(ratios)), len(measured))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def write(rows: list[Row], path: Path) -> None:
    """Add the rows to the report, in place of older ones of the same name."""
    kept = {each["name"]: each for each in (json.loads(path.read_text()) if path.is_file() else [])}
    kept |= {row.name: asdict(row) for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")
