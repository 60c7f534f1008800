"""Build the book again: with nothing changed, with one lab changed; and the cost of a look at 10, 100 and 1,000 labs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.checkouts import call, copy, small
from benchmarks.row import Row, in_turns, seconds
from labwright.paths import ROOT

TURNS = 3
EDITED = "nn-perceptron"


def noop() -> Row:
    """Seconds of `labwright all` when nothing changed; the peer is the goal, 10 s."""
    call("labwright", "all", folder=ROOT)
    pairs = ((seconds(lambda: call("labwright", "all", folder=ROOT)), 10.0) for _ in range(TURNS))
    return in_turns("noop-book (peer: the goal)", pairs, "lower")


def one_lab_edited() -> Row:
    """Seconds of `labwright build` and `labwright all` after a word in one lab changed; the peer is the goal, 20 s."""
    with tempfile.TemporaryDirectory(prefix="book-bench-") as place:
        folder = copy(Path(place) / "checkout")
        (folder / "_build" / "site.key").unlink(missing_ok=True)  # Sphinx reads all pages anew where its folder is another
        call("labwright", "all", folder=folder)
        lab = folder / "labs" / EDITED / "lab.py"

        def pairs() -> Iterator[tuple[float, float]]:
            for turn in range(TURNS):
                lab.write_text(lab.read_text().replace("# %% setup=true", f"# %%\nEDITED = {turn}\n\n# %% setup=true", 1))
                call("labwright", "build", folder=folder)
                yield seconds(lambda: call("labwright", "all", folder=folder)), 20.0

        return in_turns("one-lab-edited (peer: the goal)", pairs(), "lower")


def growth() -> Row:
    """Milliseconds a lab for `labwright run` to find that nothing changed: with 1,000 labs, and, as the peer, with 100."""
    with tempfile.TemporaryDirectory(prefix="growth-bench-") as place:
        many, few = (_ran(Path(place) / str(count), count) for count in (1000, 100))

        def pairs() -> Iterator[tuple[float, float]]:
            for _ in range(TURNS):
                yield tuple(1000 * seconds(lambda f=f: call("labwright", "run", folder=f)) / n for f, n in ((many, 1000), (few, 100)))

        return in_turns("growth (ms a lab, 1,000 labs beside 100)", pairs(), "lower")


def _ran(folder: Path, labs: int) -> Path:
    """A checkout whose labs all have results, made from the one of demo-0, which was run."""
    small(folder, labs)
    call("labwright", "run", "demo-0", folder=folder)
    executed = folder / "_build" / "executed" / "cpu"
    script = """
import sys
from pathlib import Path
from labwright import results, run, source
from scratchlab.labs import known_labs
for slug in known_labs():
    result = results.read(results.path_of("demo-0", "cpu"))
    result.slug, result.key, result.source = slug, run.key_of(slug, "cpu"), source.hash_of(slug)
    results.path_of(slug, "cpu").write_text(results.dump(result))
    results.notebook_of(slug, "cpu").write_text(results.notebook_of("demo-0", "cpu").read_text())
"""
    call("python", "-c", script, folder=folder)
    assert len(list(executed.glob("*.json"))) == labs
    return folder
