"""The gradebook in PostgreSQL instead of SQLite. Runs where a server can be had: `pip install pgserver "psycopg[binary]"`."""

from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from labwright.grading import gradebook
from labwright.grading.records import Judgement, Question

pgserver = pytest.importorskip("pgserver")
pytest.importorskip("psycopg")


@pytest.fixture
def course(tmp_path_factory):
    """A course whose settings name a PostgreSQL database, with one lab of one check."""
    folder = tmp_path_factory.mktemp("course")
    server = pgserver.get_server(folder / "database")
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.db_url = {server.get_uri()!r}\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
    )
    with Gradebook(gradebook.url(folder)) as book:
        book.add_assignment("demo", duedate=datetime(2026, 11, 2))
        book.add_notebook("demo", "demo")
        book.add_grade_cell("check-square", "demo", "demo", max_score=4, cell_type="code")
    yield folder
    server.cleanup()


def judged(score: float) -> Judgement:
    one = Question(cell="check-square", name="square", kind="check", points=4, score=score, state="wrong")
    return Judgement(student="ada", lab="demo", state="graded", questions=(one,))


def test_grades_regrades_and_penalties_are_kept(course):
    url = gradebook.url(course)
    assert url.startswith("postgresql")
    gradebook.commit(url, judged(3))
    with Gradebook(url) as book:
        book.find_grade("check-square", "demo", "demo", "ada").manual_score = 4
        book.db.commit()
    gradebook.commit(url, judged(1), datetime(2026, 11, 3))
    (ada,) = gradebook.grades(url, "demo", {})
    assert (ada.questions[0].auto, ada.questions[0].manual, ada.score) == (1, 4, 4)
    gradebook.penalize(course, "demo")
    assert gradebook.grades(url, "demo", {})[0].score == 0


def test_a_commit_that_fails_leaves_nothing_behind(course, monkeypatch):
    url = gradebook.url(course)
    gradebook.commit(url, judged(3))
    monkeypatch.setattr(gradebook, "_submission", lambda book, *_: book.find_submission("demo", "nobody"))
    with pytest.raises(Exception, match="nobody"):
        gradebook.commit(url, judged(1).model_copy(update={"student": "ben"}))
    assert [each.student for each in gradebook.grades(url, "demo", {})] == ["ada"]
