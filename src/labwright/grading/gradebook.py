"""nbgrader's gradebook, written by one hand: one transaction per submission, so that nothing half-graded is ever in it.

What stands there is what nbgrader itself would have written, so formgrader and every nbgrader command go on working. Scores
and comments that a person gave are never touched.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from nbgrader import api
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import OperationalError
from traitlets.config import Config, PyFileConfigLoader

from labwright.grading.records import Judgement, QuestionGrade, StudentGrade
from scratchlab.errors import ScratchlabError

Found = TypeVar("Found")
PATIENCE = 600  # seconds to wait for a gradebook that somebody else has locked


def url(course: Path) -> str:
    """The gradebook's address: nbgrader's `db_url` setting, or the SQLite file in the course folder."""
    return _config(course).CourseDirectory.get("db_url") or f"sqlite:///{course / 'gradebook.db'}"


def _config(course: Path) -> Config:
    return PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()


def _visit(db_url: str, use: Callable[[Gradebook], Found], purpose: str) -> Found:
    """What `use` finds in the gradebook or changes there, in one transaction, however long somebody else holds it, up to PATIENCE."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with _opened(db_url) as book:
                return use(book)
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise ScratchlabError(f"The gradebook cannot be {purpose}: {error.orig}. Nothing in it was changed.") from error
            time.sleep(0.5)


@contextlib.contextmanager
def _opened(db_url: str) -> Iterator[Gradebook]:
    """The gradebook. What was changed is committed if all went well and rolled back if not."""
    book = Gradebook(db_url)
    try:
        yield book
        book.db.commit()
    finally:
        book.db.rollback()
        book.close()


def commit(db_url: str, judgement: Judgement, timestamp=None) -> None:
    """Write one judgement in one transaction; a locked gradebook is waited for. Errors: ScratchlabError after ten minutes."""
    _visit(db_url, lambda book: _fill(book, judgement, timestamp), "written")


def penalize(course: Path, slug: str) -> None:
    """Set what each late submission of the lab loses, as nbgrader's plugin (AssignLatePenalties) decides from its score now.

    Errors: ScratchlabError if the gradebook stays locked for ten minutes.
    """
    assigned = AssignLatePenalties(config=_config(course))
    assigned.init_plugin()

    def set_all(book: Gradebook) -> None:
        with contextlib.suppress(MissingEntry):
            for submission in book.assignment_submissions(slug):
                for notebook in submission.notebooks:
                    notebook.late_submission_penalty = _penalty(assigned, submission, notebook.score)

    _visit(url(course), set_all, "written")


def _penalty(assigned: AssignLatePenalties, submission: SubmittedAssignment, score: float) -> float | None:
    late = submission.total_seconds_late
    penalty = assigned.plugin_inst.late_submission_penalty(submission.student.id, score, late) if late > 0 else None
    return None if penalty is None else min(max(penalty, 0), score)


def _fill(book: Gradebook, judgement: Judgement, timestamp) -> None:
    session = book.db
    with session.no_autoflush:
        student = session.get(Student, judgement.student) or Student(id=judgement.student)
        session.add(student)
        submission = _submission(book, judgement, student)
        submission.timestamp = timestamp
        questions = {question.cell: question for question in judgement.questions}
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                question = questions.get(grade.cell.name)
                grade.auto_score = None if question is None else question.score
                grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            for comment in notebook.comments:
                question = questions.get(comment.cell.name) or questions.get(f"check-{comment.cell.name}")
                comment.auto_comment = "No response." if question and question.state == "not attempted" else None


def _submission(book: Gradebook, judgement: Judgement, student: Student) -> SubmittedAssignment:
    """The learner's row for the lab, made with all its grades and comments if it is new."""
    if submission := _submitted(book, judgement.lab, judgement.student):
        return submission
    submission = SubmittedAssignment(assignment=book.find_assignment(judgement.lab), student=student)
    for notebook in submission.assignment.notebooks:
        own = SubmittedNotebook(notebook=notebook, assignment=submission)
        for cell in notebook.grade_cells:
            Grade(cell_id=cell.id, cell=cell, notebook=own)
        for cell in notebook.solution_cells:
            Comment(cell_id=cell.id, cell=cell, notebook=own)
        for cell in notebook.task_cells:
            Grade(cell_id=cell.id, cell=cell, notebook=own)
            Comment(cell_id=cell.id, cell=cell, notebook=own)
    book.db.add(submission)
    return submission


def knows(db_url: str, slug: str) -> bool:
    """Whether the lab is in the gradebook, with its cells."""

    def has_cells(book: Gradebook) -> bool:
        with contextlib.suppress(MissingEntry):
            return any(notebook.grade_cells for notebook in book.find_assignment(slug).notebooks)
        return False

    return _visit(db_url, has_cells, "read")


def grade_of(db_url: str, slug: str, student: str, judgement: Judgement | None = None) -> StudentGrade | None:
    """One learner's grade of the lab as it stands, if there is one; `judgement` tells the states that nbgrader has no column for."""

    def grade(book: Gradebook) -> StudentGrade | None:
        submission = _submitted(book, slug, student)
        return _grade(slug, submission.student, submission, judgement) if submission else None

    return _visit(db_url, grade, "read")


def grades(db_url: str, slug: str, judged: dict[str, Judgement]) -> list[StudentGrade]:
    """Every learner's grade of the lab as it stands; `judged` tells the states that nbgrader has no column for."""

    def everybody(book: Gradebook) -> list[StudentGrade]:
        students = sorted(book.students, key=lambda each: (each.last_name or "", each.first_name or "", each.id))
        return [_grade(slug, each, _submitted(book, slug, each.id), judged.get(each.id)) for each in students]

    return _visit(db_url, everybody, "read")


def _submitted(book: Gradebook, slug: str, student: str) -> SubmittedAssignment | None:
    with contextlib.suppress(MissingEntry):
        return book.find_submission(slug, student)
    return None


def _grade(slug: str, student: Student, submission: SubmittedAssignment | None, judgement: Judgement | None) -> StudentGrade:
    states = {question.cell: question.state for question in judgement.questions} if judgement else {}
    rows = []
    for notebook in submission.notebooks if submission else ():
        comments = {each.cell.name: each.manual_comment or "" for each in notebook.comments}
        rows += [_question(grade, states.get(grade.name), comments) for grade in notebook.grades]
    return StudentGrade(
        student=student.id,
        lab=slug,
        state=judgement.state if judgement else "graded" if submission else "missing",
        first_name=student.first_name or "",
        last_name=student.last_name or "",
        email=student.email or "",
        timestamp=submission.timestamp.isoformat() if submission and submission.timestamp else "",
        late_penalty=sum(each.late_submission_penalty or 0 for each in submission.notebooks) if submission else 0.0,
        questions=tuple(rows),
    )


def _question(grade: api.Grade, state: str | None, comments: dict[str, str]) -> QuestionGrade:
    check = grade.name.startswith("check-")
    name = grade.name.removeprefix("check-").removeprefix("answer-")
    if state is None:
        state = "waiting" if grade.needs_manual_grade else "passed" if grade.score == grade.max_score else "wrong"
    return QuestionGrade(
        cell=grade.name,
        name=name,
        kind="check" if check else "answer",
        points=grade.max_score or 0.0,
        auto=grade.auto_score,
        manual=grade.manual_score,
        extra=grade.extra_credit or 0.0,
        comment=comments.get(name if check else grade.name, ""),
        needs_manual=bool(grade.needs_manual_grade),
        state=state,
    )
