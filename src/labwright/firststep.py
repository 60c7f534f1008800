"""A lab's first step as a small notebook that proves itself, to be run where learners are: in Colab's and Kaggle's images."""

import nbformat

from labwright import source
from labwright.paths import BUILD, write_atomically
from scratchlab.errors import ScratchlabError

FOLDER = BUILD / "first-steps"
BEFORE = """\
from importlib.metadata import version
kept = {name: version(name) for name in ("torch", "numpy")}"""
AFTER = """\
assert report.score == report.points, report
assert kept == {name: version(name) for name in kept}, "the setup cell replaced what this platform brings"
print("the first step holds, with", kept)"""


def write(slug: str) -> str:
    """Write the lab up to its first check, solved, with a last cell that fails unless the check gave all points; returns where."""
    notebook = source.solved(slug)
    first = next((place for place, cell in enumerate(notebook.cells) if cell.id.startswith("check-")), None)
    if first is None:
        raise ScratchlabError(f"The lab {slug} has no check, so it has no first step to prove.")
    cell = nbformat.v4.new_code_cell
    steps = notebook.cells[: first + 1]
    steps[-1].source = f"report = {steps[-1].source.strip()}\nreport"
    notebook.cells = [cell(BEFORE, id="before"), *steps, cell(AFTER, id="after")]
    target = FOLDER / f"{slug}.ipynb"
    write_atomically(target, source.dump(notebook))
    return str(target)
