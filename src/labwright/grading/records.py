"""What grading says about a submission: the records that intake, judge, gradebook, feedback and exports hand to each other."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

# What can become of a question. The first two give points; the last two are nobody's score: a person looks at them.
State = Literal["passed", "wrong", "not attempted", "timed out", "waiting", "not gradable", "our fault"]
STATES = {
    "passed": "every property holds",
    "wrong": "some property does not hold",
    "not attempted": "nothing was written",
    "timed out": "the code ran too long, or ended its kernel",
    "waiting": "a person grades this",
    "not gradable": "the file handed in cannot be graded; the reason is given",
    "our fault": "the grader failed, not the answer; it will be graded again",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Record):
    """What became of one property of a check. `state` is one of scratchlab.checking.MARKS; `detail` holds the message."""

    name: str
    says: str
    state: str
    detail: tuple[str, ...] = ()


class Question(_Record):
    """One graded cell as the judge left it. `cell` is nbgrader's grade_id ("check-attention", "answer-why-scale"), `name` ours.

    `score` is None where the machine gives none: a written answer that waits, or a failure of ours.
    """

    cell: str
    name: str
    kind: Literal["check", "answer"]
    points: float
    score: float | None
    state: State
    findings: tuple[Finding, ...] = ()
    hints: tuple[str, ...] = ()
    said: str = ""  # what else the learner should read, in one or two sentences


class Receipt(_Record):
    """How a grade came about: enough to repeat it."""

    submission: str  # sha256 of the notebook as it was judged
    checks: str  # sha256 of the checks it was held to, private ones included
    environment: str  # sha256 of the installed packages and of the code that grades
    seed: str  # first 8 hex digits of the secret seed's sha256
    sandbox: str  # "bubblewrap", "podman", "docker" or "none"
    seconds: float
    memory_gb: float
    restarts: int  # how often the kernel had to be started again
    whole: bool  # whether the whole notebook ran, or only what the answers need


class Judgement(_Record):
    """The outcome of one submission. `notes` tell the learner what was repaired, or why nothing could be graded."""

    student: str
    lab: str
    state: Literal["graded", "not gradable", "our fault"]
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    notebook: dict | None = None  # nbformat 4 JSON: the learner's cells, with the judge's outputs in the check cells
    receipt: Receipt | None = None

    @property
    def score(self) -> float:
        """Points given by the machine."""
        return round(sum(question.score or 0 for question in self.questions), 2)


class QuestionGrade(_Record):
    """One question in the gradebook, after whatever a person did to it. `state` as in Question."""

    cell: str
    name: str
    kind: Literal["check", "answer"]
    points: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    comment: str = ""
    needs_manual: bool = False
    state: State

    @property
    def score(self) -> float:
        """Points that count: the person's if there are any, else the machine's; extra credit on top."""
        given = self.manual if self.manual is not None else self.auto
        return (given or 0.0) + self.extra


class StudentGrade(_Record):
    """One learner's grade of one lab as it stands in the gradebook."""

    student: str
    lab: str
    state: Literal["graded", "not gradable", "our fault", "missing"]
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    timestamp: str = ""  # ISO 8601, UTC, of the submission; empty if unknown
    late_penalty: float = 0.0
    questions: tuple[QuestionGrade, ...] = ()

    @property
    def max_score(self) -> float:
        """Points of the lab."""
        return sum(question.points for question in self.questions)

    @property
    def score(self) -> float:
        """Points that count, after a penalty for lateness, never below zero."""
        return max(0.0, round(sum(question.score for question in self.questions) - self.late_penalty, 2))

    @property
    def needs_manual(self) -> bool:
        """Whether something waits for a person."""
        return any(question.needs_manual for question in self.questions)
