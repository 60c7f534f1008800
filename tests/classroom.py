"""A class for the tests of grading: a course folder with submissions, the command that grades it, what the gradebook then says."""

import random
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
from conftest import ROOT

from benchmarks.learners import notebook
from labwright.processes import tree

GRADE = """
import sys
from pathlib import Path
from labwright.grading import batch
graded = batch.grade(sys.argv[1], course=Path(sys.argv[2]), done=lambda each: print(each.student, each.state, *each.notes, flush=True))
sys.exit(any(each.state == "our fault" for each in graded.judged.values()))
"""


class Classroom:
    """A course folder at `path` for one lab."""

    def __init__(self, path: Path, slug: str = "nn-perceptron"):
        self.path, self.slug = path, slug
        path.mkdir(parents=True)
        shutil.copy(ROOT / "grading" / "nbgrader_config.py", path)

    def hand_in(self, student: str, handed_in) -> None:
        """Put a notebook where nbgrader's collection would."""
        folder = self.path / "submitted" / student / self.slug
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(handed_in, folder / f"{self.slug}.ipynb")

    def fill(self, size: int) -> None:
        """Hand in `size` honest notebooks."""
        for number in range(size):
            self.hand_in(f"s{number:04}", notebook(self.slug, number))

    def start(self) -> subprocess.Popen:
        """Begin to grade, as a process of its own. Its output is lines of learners and states."""
        command = [sys.executable, "-c", GRADE, self.slug, str(self.path)]
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def grade(self) -> str:
        """Grade to the end; returns what it printed."""
        said, errors = self.start().communicate(timeout=3000)
        assert "Traceback" not in errors, errors[-3000:]
        assert "our fault" not in said, said
        return said

    def scores(self) -> dict[tuple[str, str], tuple]:
        """Machine's score, person's score and whether a person is asked, by learner and cell."""
        query = """select a.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade from grade g
                   join submitted_notebook n on g.notebook_id = n.id join submitted_assignment a on n.assignment_id = a.id
                   join base_cell c on g.cell_id = c.id"""
        with sqlite3.connect(self.path / "gradebook.db") as book:
            rows = book.execute(query).fetchall()
        assert len(rows) == len({row[:2] for row in rows}), "a learner has a cell twice"
        return {row[:2]: row[2:] for row in rows}

    def pages(self) -> dict[str, str]:
        """Every learner's feedback, without the receipt: that tells seconds and memory of the run."""
        paths = (self.path / "feedback").glob(f"*/{self.slug}/*.html")
        return {path.parts[-3]: re.sub("<footer.*</footer>", "", path.read_text(), flags=re.DOTALL) for path in paths}


def kill_one(driver: int, dice: random.Random) -> str:
    """kill -9 somebody below and including the driver: workers, those that fork, kernels; returns who it was."""
    victims = tree(driver)
    if not victims:
        return "nobody"
    kind = dice.choice(["driver", "worker", "kernel"])
    chosen = {"driver": victims[:1], "worker": [each for each in victims[1:] if "spawn_main" in _line(each)], "kernel": victims[-3:]}
    victim = dice.choice(chosen[kind] or victims)
    try:
        victim.kill()
    except psutil.NoSuchProcess:
        return "nobody"
    return kind


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
