"""The round trip with nbgrader's own commands: release, hand in, autograde, feedback, export."""

import csv
import shutil
import sqlite3

import nbformat
import pytest
from conftest import ROOT, call

from labwright import source
from scratchlab.labs import known_labs


@pytest.fixture
def course(tmp_path):
    """A course folder as grading/ is, with every lab's source; call it to run nbgrader there."""
    folder = tmp_path / "course"
    folder.mkdir()
    shutil.copy(ROOT / "grading" / "nbgrader_config.py", folder)

    def nbgrader(*arguments):
        done = call("nbgrader", *arguments, cwd=folder)
        assert done.returncode == 0, done.stderr[-3000:]
        return done

    nbgrader.path = folder
    return nbgrader


def hand_in(course, student: str, slug: str, notebook) -> None:
    target = course.path / "submitted" / student / slug
    target.mkdir(parents=True)
    nbformat.write(notebook, target / f"{slug}.ipynb")


@pytest.mark.parametrize("slug", known_labs())
def test_reference_gets_full_marks_and_the_untouched_copy_nothing(course, slug):
    original = course.path / "source" / slug
    original.mkdir(parents=True)
    nbformat.write(source.with_nbgrader(slug), original / f"{slug}.ipynb")

    course("generate_assignment", slug)
    released = nbformat.read(course.path / "release" / slug / f"{slug}.ipynb", as_version=4)
    committed = nbformat.read(source.learner_path(slug), as_version=4)
    assert [(cell.source, cell.metadata.get("nbgrader")) for cell in released.cells] == [
        (cell.source, cell.metadata.get("nbgrader")) for cell in committed.cells
    ], "the committed learner's copy is nbgrader's release"

    hand_in(course, "ada", slug, source.solved(slug))
    hand_in(course, "ben", slug, released)
    course("autograde", slug)
    course("generate_feedback", slug)
    course("export")

    points = {kind: sum(each for k, _, each in source.graded(slug) if k == kind) for kind in ("check", "answer")}
    with (course.path / "grades.csv").open() as stream:
        grades = {row["student_id"]: row for row in csv.DictReader(stream)}
    assert float(grades["ada"]["max_score"]) == points["check"] + points["answer"]
    assert float(grades["ada"]["score"]) == points["check"], "every check; the written answers wait for a person"
    assert float(grades["ben"]["score"]) == 0
    assert waiting(course, "ada") == (points["answer"] > 0) and not waiting(course, "ben")
    page = (course.path / "feedback" / "ben" / slug / f"{slug}.html").read_text()
    assert "not attempted yet" in page


def waiting(course, student: str) -> bool:
    """Whether something of this student's is left for a person to grade."""
    query = "select max(g.needs_manual_grade) from grade g join submitted_notebook n on g.notebook_id = n.id"
    query += " join submitted_assignment a on n.assignment_id = a.id where a.student_id = ?"
    with sqlite3.connect(course.path / "gradebook.db") as book:
        return bool(book.execute(query, [student]).fetchone()[0])


def test_labwright_grades_all_submissions_of_a_lab(checkout):
    shutil.copytree(
        ROOT / "grading", checkout.path / "grading", ignore=lambda *_: {"source", "release", "submitted", "autograded", "feedback"}
    )
    refused = checkout("labwright", "grade", "demo")
    assert refused.returncode == 2 and "no submissions" in refused.stderr
    checkout("labwright", "build")
    copy = (checkout.lab / "demo.ipynb").read_text()
    stub = 'raise NotImplementedError(\\"Write your answer here, then run this cell and the check below.\\")'
    assert stub in copy
    for student, answer in {"ada": "return x * x", "ben": "return 2 * x", "cyd": stub}.items():
        target = checkout.path / "grading" / "submitted" / student / "demo"
        target.mkdir(parents=True)
        (target / "demo.ipynb").write_text(copy.replace(stub, answer))
    broken = checkout.path / "grading" / "submitted" / "dan" / "demo"
    broken.mkdir(parents=True)
    (broken / "demo.ipynb").write_text("this is no notebook")
    done = checkout("labwright", "grade", "demo")
    assert done.returncode == 0, done.stderr
    with (checkout.path / "grading" / "grades-demo.csv").open() as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert {name: float(row["score"]) for name, row in rows.items()} == {"ada": 4, "ben": 2, "cyd": 0, "dan": 0}
    assert rows["dan"]["error"] and not rows["ada"]["error"]
    assert (checkout.path / "grading" / "feedback" / "ben" / "demo" / "demo.html").is_file()
