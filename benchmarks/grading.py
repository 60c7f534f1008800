"""Grade a class of a torch lab: `labwright grade`, in the sandbox, beside nbgrader's own autograde without one."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from benchmarks.learners import notebook
from benchmarks.row import Row, in_turns, seconds
from labwright.grading import batch, gradebook
from labwright.paths import ROOT

LAB = "attn-scaled-dot-product"
SUBMISSIONS, TURNS = 40, 5
STOCK = """
from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "benchmark"
c.ExecutePreprocessor.timeout = 600
"""


def throughput() -> Row:
    """Submissions per minute, the two in turns: ours grades all 40 each time, from nothing; the peer the next 8 of them."""
    with tempfile.TemporaryDirectory(prefix="grading-bench-") as folder:
        return in_turns("grading-throughput (submissions per minute)", _pairs(Path(folder)), "higher")


def _pairs(folder: Path) -> Iterator[tuple[float, float]]:
    notebooks = [notebook(LAB, number) for number in range(SUBMISSIONS)]
    some = SUBMISSIONS // TURNS
    for turn in range(TURNS):
        ours = _course(folder / f"ours-{turn}", notebooks)
        stock = _course(folder / f"stock-{turn}", notebooks[turn * some : (turn + 1) * some])
        (stock / "nbgrader_config.py").write_text(STOCK)
        for course in (ours, stock):
            batch.release(LAB, course, gradebook.url(course))
        pair = seconds(lambda course=ours: batch.grade(LAB, course=course)), seconds(lambda course=stock: _autograde(course))
        yield 60 * SUBMISSIONS / pair[0], 60 * some / pair[1]


def _course(folder: Path, notebooks: list) -> Path:
    folder.mkdir()
    shutil.copy(ROOT / "grading" / "nbgrader_config.py", folder)
    for number, each in enumerate(notebooks):
        target = folder / "submitted" / f"s{number}" / LAB
        target.mkdir(parents=True)
        nbformat.write(each, target / f"{LAB}.ipynb")
    return folder


def _autograde(course: Path) -> None:
    """nbgrader as it comes, in this process, so that its slow start is not counted."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    with contextlib.chdir(course):
        api = NbGraderAPI(config=config)
        for student in sorted(path.name for path in (course / "submitted").iterdir()):
            done = api.autograde(LAB, student)
            if not done["success"]:
                raise RuntimeError(f"nbgrader failed for {student}: {done.get('error') or done.get('log')}")
