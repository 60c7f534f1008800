"""nbgrader's gradebook as we write it: late work loses what nbgrader's own plugin says, and can win it back."""

from datetime import datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from labwright.grading import gradebook
from labwright.grading.records import Judgement, Question

DUE = datetime(2026, 11, 2, 17)
PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin

class PerHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 3600

c = get_config()
c.AssignLatePenalties.plugin_class = PerHour
"""


@pytest.fixture
def course(tmp_path):
    """A course with one lab of one check (4 points) that was due at DUE."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    with Gradebook(gradebook.url(tmp_path)) as book:
        book.add_assignment("demo", duedate=DUE)
        book.add_notebook("demo", "demo")
        book.add_grade_cell("check-square", "demo", "demo", max_score=4, cell_type="code")
    return tmp_path


def hand_in(course, student: str, hours: float, score: float = 3) -> None:
    """Commit a judged submission that came `hours` after it was due."""
    one = Question(cell="check-square", name="square", kind="check", points=4, score=score, state="wrong")
    judgement = Judgement(student=student, lab="demo", state="graded", questions=(one,))
    gradebook.commit(gradebook.url(course), judgement, DUE + timedelta(hours=hours))


def scores(course) -> dict[str, float]:
    gradebook.penalize(course, "demo")
    return {each.student: each.score for each in gradebook.grades(gradebook.url(course), "demo", {})}


def test_late_work_loses_what_the_teachers_plugin_says_and_never_more_than_it_has(course):
    for student, hours in {"ada": -1, "ben": 2, "cyd": 99}.items():
        hand_in(course, student, hours)
    assert scores(course) == {"ada": 3, "ben": 3, "cyd": 3}, "nbgrader takes nothing off unless told to"
    (course / "nbgrader_config.py").write_text(PLUGIN)
    assert scores(course) == {"ada": 3, "ben": 1, "cyd": 0}


def test_a_penalty_follows_the_points_that_a_person_gives_and_an_extension(course):
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    hand_in(course, "ada", 5)
    hand_in(course, "ben", 5)
    assert scores(course) == {"ada": 0, "ben": 0}
    with Gradebook(gradebook.url(course)) as book:
        book.find_grade("check-square", "demo", "demo", "ada").manual_score = 4
        book.find_submission("demo", "ben").extension = timedelta(hours=6)
        book.db.commit()
    assert scores(course) == {"ada": 0, "ben": 3}


def test_a_course_without_the_lab_is_left_alone(course):
    gradebook.penalize(course, "nothing")
    assert scores(course) == {}
