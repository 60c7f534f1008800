"""Run labs: `labwright run` beside papermill's and nbclient's own commands, and what the whole pool would take."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.checkouts import call, small
from benchmarks.row import Row, in_turns, seconds
from labwright.paths import EXECUTED, ROOT
from scratchlab.labs import known_labs
from scratchlab.usage import cores

TURNS = 5
OURS, PEERS = 24, 3  # labs in one turn: ours starts a cluster each time, a peer everything for each lab
POOL, GOAL_SECONDS = 125, 12 * 60


def beside_papermill() -> Row:
    """Short labs per minute on one core; the peer is `papermill` called for one after another."""
    return _short_labs("papermill", lambda lab: ("papermill", f"labs/{lab}/{lab}.ipynb", f"{lab}.out.ipynb", "-p", "PROFILE", "cpu"))


def beside_nbclient() -> Row:
    """Short labs per minute on one core; the peer is `jupyter execute` called for one after another."""
    return _short_labs("nbclient", lambda lab: ("jupyter", "execute", f"labs/{lab}/{lab}.ipynb", f"--output={lab}"))


def _short_labs(peer: str, command) -> Row:
    with tempfile.TemporaryDirectory(prefix="labs-bench-") as place:
        folder = small(Path(place) / "checkout", OURS)
        for number in range(OURS):  # the peers run the solved notebooks, too: what is compared is the way of running
            _solve(folder, f"demo-{number}")

        def pairs() -> Iterator[tuple[float, float]]:
            for turn in range(TURNS):
                ours = seconds(lambda: call("labwright", "run", "--force", "-j", "1", folder=folder))
                labs = [f"demo-{(turn * PEERS + each) % OURS}" for each in range(PEERS)]
                theirs = seconds(lambda labs=labs: [call(*command(lab), folder=folder) for lab in labs])
                yield 60 * OURS / ours, 60 * PEERS / theirs

        return in_turns(f"notebooks-per-minute (beside {peer}, one core)", pairs(), "higher")


def _solve(folder: Path, slug: str) -> None:
    """Put the solved notebook, with the imports of a torch lab, where the learner's copy is."""
    lab = folder / "labs" / slug / "lab.py"
    lab.write_text(lab.read_text().replace("import numpy as np\n", "import matplotlib.pyplot\nimport numpy as np\nimport torch\n", 1))
    script = "from labwright import source; import nbformat, sys; nbformat.write(source.solved(sys.argv[1]), sys.argv[2])"
    call("python", "-c", script, slug, str(lab.with_name(f"{slug}.ipynb")), folder=folder)


def whole_pool() -> Row:
    """Seconds that 125 labs would take on this machine's cores if all were like those written; the peer is the goal, 12 minutes."""

    def pairs() -> Iterator[tuple[float, float]]:
        for _ in range(3):
            taken = seconds(lambda: call("labwright", "run", "--force", folder=ROOT))
            alone = sum(json.loads((EXECUTED / "cpu" / f"{slug}.json").read_text())["seconds"] for slug in known_labs())
            starting = max(0.0, taken - alone / cores())  # once, however many labs there are
            yield starting + alone / cores() * POOL / len(known_labs()), GOAL_SECONDS

    return in_turns("whole-pool (125 labs, from those written; peer: the goal)", pairs(), "lower")
