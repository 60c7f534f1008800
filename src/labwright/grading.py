"""Grade a lab's submissions with nbgrader, in this process: every nbgrader command keeps working on what it leaves."""

import contextlib
import csv
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labwright import source
from labwright.paths import ROOT
from scratchlab.errors import ScratchlabError

COURSE = ROOT / "grading"


@dataclass(frozen=True)
class Grade:
    """What one learner got; `error` says why nothing could be graded."""

    student: str
    score: float
    max_score: float
    needs_manual: bool
    error: str = ""


def students(slug: str, course: Path = COURSE) -> list[str]:
    """Learners with a submission of the lab: folders submitted/STUDENT/SLUG."""
    return sorted(path.parent.name for path in (course / "submitted").glob(f"*/{slug}") if path.is_dir())


def grade(slug: str, done: Callable[[str], None] = lambda student: None, course: Path = COURSE) -> list[Grade]:
    """Release the lab if that was not done, autograde every submission, make feedback; returns the grades."""
    chosen = students(slug, course)
    if not chosen:
        raise ScratchlabError(f"There are no submissions in {course / 'submitted'}/STUDENT/{slug}/{slug}.ipynb")
    source.build(slug)
    api = _api(course)
    if not (course / "release" / slug).is_dir():
        _must(api.generate_assignment(slug), f"generate_assignment {slug}")
    grades = []
    for student in chosen:
        with contextlib.redirect_stderr(io.StringIO()):
            result = api.autograde(slug, student, force=True)
            if result["success"]:
                api.generate_feedback(slug, student, force=True)
        error = (
            "" if result["success"] else (result.get("error") or result.get("log") or "nbgrader gave no reason").strip().splitlines()[-1]
        )
        found = next((each for each in api.get_submissions(slug) if each["student"] == student), None)
        score = found or {"score": 0.0, "max_score": 0.0, "needs_manual_grade": False}
        grades.append(Grade(student, score["score"], score["max_score"], score["needs_manual_grade"], error))
        done(student)
    return grades


def export(grades: list[Grade], slug: str, course: Path = COURSE) -> Path:
    """Write the grades of one lab as CSV."""
    path = course / f"grades-{slug}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["student", "score", "max_score", "needs_manual_grading", "error"])
        table.writerows([each.student, each.score, each.max_score, each.needs_manual, each.error] for each in grades)
    return path


def _api(course: Path):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    return NbGraderAPI(config=config)


def _must(result: dict, step: str) -> None:
    if not result["success"]:
        raise ScratchlabError(f"{step} failed:\n{result.get('error') or result.get('log')}")
