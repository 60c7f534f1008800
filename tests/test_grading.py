"""The round trip with nbgrader's own commands: release, hand in, autograde, feedback, export."""

import csv
import os
import shutil
import sqlite3

import nbformat
import pytest
from conftest import ROOT, call

from labwright import results, source
from scratchlab.labs import known_labs

# Each answer is judged from outside in tests/test_labs.py; here it is nbgrader's part that is tested, which is the same for all labs.
# Each lab is run twice, so a few quick ones make the round trip; EVERY_LAB=1 sends all (the night does).
RECORDS = [record for slug in known_labs() if (record := results.read(results.RESULTS / "cpu" / f"{slug}.json"))]
QUICK = [record.slug for record in sorted(RECORDS, key=lambda record: record.seconds)[:3]]
ROUND_TRIP = known_labs() if os.environ.get("EVERY_LAB") else QUICK


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


@pytest.mark.parametrize("slug", ROUND_TRIP)
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
    assert questions(checkout) == {"ada": (4, "passed"), "ben": (2, "wrong"), "cyd": (0, "not attempted"), "dan": ("", "not gradable")}
    page = (checkout.path / "grading" / "feedback" / "dan" / "demo" / "demo.html").read_text()
    assert "notebook" in page and "Content-Security-Policy" in page

    # Nothing changed: nothing is judged again. A better answer changes a grade only when somebody agrees; a person's points stay.
    kept = sorted((checkout.path / "grading" / "judged" / "demo").iterdir())
    book = checkout.path / "grading" / "gradebook.db"
    with sqlite3.connect(book) as database:
        database.execute("update grade set manual_score = 3 where auto_score = 2")
    (checkout.path / "grading" / "submitted" / "ben" / "demo" / "demo.ipynb").write_text(copy.replace(stub, "return x * x"))
    again = checkout("labwright", "grade", "demo")
    assert "1 scores would change" in again.stdout, again.stdout + again.stderr
    assert sorted((checkout.path / "grading" / "judged" / "demo").iterdir()) == kept, "ben's new answer is the one that ada gave"
    assert scores(book, "ben") == (2, 3)
    checkout("labwright", "grade", "demo", "--students", "ben", "--apply")
    assert scores(book, "ben") == (4, 3)


def questions(checkout) -> dict:
    """Score and state of the one check of each learner, as exported."""
    done = checkout("labwright", "export", "demo")
    assert done.returncode == 0, done.stderr
    with (checkout.path / "grading" / "grades-demo-questions.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "check"]
    return {row["student"]: (float(row["auto"]) if row["auto"] else "", row["state"]) for row in rows}


def scores(book, student: str) -> tuple:
    """The machine's and the person's score of a learner's one check."""
    query = "select g.auto_score, g.manual_score from grade g join submitted_notebook n on g.notebook_id = n.id"
    query += " join submitted_assignment a on n.assignment_id = a.id where a.student_id = ? and g.auto_score is not null"
    with sqlite3.connect(book) as database:
        return database.execute(query, [student]).fetchone()
