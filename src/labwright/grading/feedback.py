"""The page that a learner gets back: what was found, where, and what to do about it.

Everything in a submission is hostile input, and this page is opened in a browser where its reader may be logged in somewhere. So three
walls stand one behind the other: every string is escaped or sanitized (`harmless`), only pictures that we encoded ourselves are shown,
and the page's content-security policy forbids it to load or run anything.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from labwright.grading import harmless
from labwright.grading.feedback_cells import cells, folded
from labwright.grading.records import STATES, Finding, Judgement, Question, QuestionGrade, StudentGrade
from scratchlab.checking import MARKS

STATE_MARKS = dict(zip(STATES, "✓✗○◷◐⊘△", strict=True))
LABELS = {"tried": "tried", "got": "came back", "expected": "expected", "look": "where to look", "in": "where"}
MESSAGE = 4_000  # characters of one line of a message

_LABELED = re.compile(rf"({'|'.join(LABELS)})\s{{2,}}(.*)", re.DOTALL)


@dataclass(frozen=True)
class _Found:
    """A finding: its mark and word, what it says, and the lines of its message, with a label or bare."""

    state: str
    mark: str
    says: str
    labeled: list[tuple[str, str]]
    bare: list[str]

    @property
    def found(self) -> str:
        return "holds" if self.state == "passed" else self.state


@dataclass(frozen=True)
class _Question:
    """One question as the page shows it: the judge's findings with the points and the comment of whoever gave the last word."""

    anchor: str
    name: str
    kind: str
    state: str
    points: float
    score: float | None  # None as long as nobody gave points
    waits: bool
    findings: list[_Found]
    hints: tuple[str, ...]
    said: str
    manual: float | None
    extra: float
    comment: Markup

    @property
    def mark(self) -> str:
        return STATE_MARKS.get(self.state, "●")

    @property
    def words(self) -> str:
        return f"{self.state}: {STATES[self.state]}" if self.state in STATES else "a person graded this"


def render(judgement: Judgement, grade: StudentGrade | None = None, title: str = "") -> str:
    """The feedback page for `judgement` as one HTML document that loads and runs nothing; points come from `grade` if given."""
    questions = _questions(judgement, grade)
    shown = list(cells(judgement.notebook or {}, dict(questions)))
    placed = [cell.question for cell in shown]
    points = grade.max_score if grade and grade.questions else sum(each.points for each in questions.values())
    return _template().render(
        judgement=judgement,
        title=title or judgement.lab,
        learner=_learner(judgement, grade),
        total=(grade.score if grade else judgement.score, points),
        penalty=grade.late_penalty if grade else 0,
        questions=list(questions.values()),
        waiting=[each for each in questions.values() if each.waits],
        blocks=list(folded(shown)),
        lost=[each for each in questions.values() if each not in placed],
    )


def _learner(judgement: Judgement, grade: StudentGrade | None) -> str:
    name = f"{grade.first_name} {grade.last_name}".strip() if grade else ""
    return f"{name} ({judgement.student})" if name else judgement.student


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else harmless.plain(value),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["sha256"] = lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
    return environment.get_template("feedback.html.j2")


def _questions(judgement: Judgement, grade: StudentGrade | None) -> dict[str, _Question]:
    """The questions of the page by cell: those of the judge, then those that only the gradebook knows."""
    grades = {each.cell: each for each in grade.questions} if grade else {}
    judged = {each.cell: each for each in judgement.questions}
    for each in grades.values():
        fields = each.model_dump(include={"cell", "name", "kind", "points", "state"})
        judged.setdefault(each.cell, Question(**fields, score=each.auto))
    return {cell: _question(f"q{number}", each, grades.get(cell)) for number, (cell, each) in enumerate(judged.items(), 1)}


def _question(anchor: str, judged: Question, grade: QuestionGrade | None) -> _Question:
    state, score, waits = judged.state, judged.score, judged.state == "waiting"
    if grade:
        given = grade.auto if grade.manual is None else grade.manual
        score = None if given is None and not grade.extra else grade.score
        waits = grade.needs_manual
        state = "graded" if grade.state == "waiting" and not waits else grade.state
    return _Question(
        anchor=anchor,
        name=judged.name,
        kind=judged.kind,
        state=state,
        points=judged.points,
        score=score,
        waits=waits,
        findings=[_found(each) for each in judged.findings],
        hints=judged.hints,
        said=judged.said,
        manual=grade.manual if grade else None,
        extra=grade.extra if grade else 0.0,
        comment=harmless.Markdown(level=3).convert(grade.comment) if grade else Markup(),
    )


def _found(finding: Finding) -> _Found:
    state = finding.state if finding.state in MARKS else "not attempted"
    labeled, bare = [], []
    for line in finding.detail:
        match = _LABELED.match(line)
        if match:
            labeled.append((LABELS[match[1]], harmless.printed(match[2], MESSAGE)))
        else:
            bare.append(harmless.printed(line, MESSAGE))
    return _Found(state.replace(" ", "-"), MARKS[state], finding.says, labeled, bare)
