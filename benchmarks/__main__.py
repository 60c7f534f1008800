"""python -m benchmarks [ROW ...]: measure all rows, or those named; print a table; write _build/bench.json."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import grading, rebuilding, running
from benchmarks.row import write
from labwright.paths import ROOT

ROWS = {
    "grading-throughput": grading.throughput,
    "notebooks-per-minute": running.beside_papermill,
    "notebooks-per-minute-nbclient": running.beside_nbclient,
    "whole-pool": running.whole_pool,
    "noop-book": rebuilding.noop,
    "one-lab-edited": rebuilding.one_lab_edited,
    "growth": rebuilding.growth,
}


def main(names: list[str]) -> int:
    """Returns 0, or 2 if a name is unknown."""
    if unknown := [name for name in names if name not in ROWS]:
        print(f"There is no row {', '.join(unknown)}; there are {', '.join(ROWS)}.", file=sys.stderr)
        return 2
    console, table = Console(), Table("", "ours", "peer", "ratio", "spread", "runs")
    for name in names or ROWS:
        with console.status(f"measuring {name}"):
            row = ROWS[name]()
        write([row], ROOT / "_build" / "bench.json")
        low, high = row.spread
        table.add_row(row.name, f"{row.ours:.3g}", f"{row.peer:.3g}", f"{row.ratio:.2f}", f"{low:.2f} to {high:.2f}", str(row.runs))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
