"""Grade a class: many judges at once, one hand that writes.

Workers judge and never see the gradebook. This process takes their results as they come and writes, for each submission,
the graded notebook and the feedback, and then the grade: a grade without its files cannot exist. Everything may be killed at
any point; the same command goes on.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from filelock import FileLock

from labwright import cluster, source
from labwright.grading import feedback, gradebook, jobs
from labwright.grading.kernel import SANDBOX
from labwright.grading.records import Judgement, StudentGrade
from labwright.grading.sandbox import backends
from labwright.grading.standard import COURSE
from labwright.paths import write_atomically
from scratchlab import usage
from scratchlab.errors import ScratchlabError

_title = cache(source.title)  # of the same lab for every learner


@dataclass(frozen=True)
class Change:
    """A score that a regrade would change."""

    student: str
    cell: str
    before: float | None
    after: float | None


@dataclass
class Graded:
    """What became of a run: judgements by learner, changes held back until somebody agrees, and who was left as they were."""

    judged: dict[str, Judgement]
    held_back: list[Change]


def students(slug: str, course: Path = COURSE) -> list[str]:
    """Learners with a submission of the lab: folders submitted/STUDENT/SLUG."""
    return sorted(path.parent.name for path in (course / "submitted").glob(f"*/{slug}") if not path.name.startswith("."))


def grade(
    slug: str,
    chosen: list[str] | None = None,
    *,
    course: Path = COURSE,
    scheduler: str = "",
    apply: bool = False,
    kernel: str = SANDBOX,
    done: Callable[[Judgement], None] = lambda judgement: None,
) -> Graded:
    """Judge the submissions of a lab and commit them. Scores that would change an earlier grade are committed only with `apply`."""
    there = students(slug, course)
    if unknown := sorted(set(chosen or []) - set(there)):
        raise ScratchlabError(f"There is no submission of {slug} by {', '.join(unknown)} in {course / 'submitted'}.")
    if not there:
        raise ScratchlabError(f"There are no submissions in {course / 'submitted'}/STUDENT/{slug}/{slug}.ipynb")
    db_url = gradebook.url(course)
    if kernel == SANDBOX:
        os.environ["LABWRIGHT_SANDBOX_BACKEND"] = backends.chosen().name  # tried once; our workers inherit it
    release(slug, course, db_url)
    result = Graded({}, [])
    with cluster.client(scheduler, min(usage.cores(), len(chosen or there))) as client:
        if failed := client.submit(jobs.rehearse, slug, course, kernel, pure=False).result():
            raise ScratchlabError("The lab's own solution fails here, so nobody was graded; mend this first:\n  " + "\n  ".join(failed))
        for judgement in _judgements(client, chosen or there, slug, course, kernel):
            result.judged[judgement.student] = judgement
            if judgement.state != "our fault":
                result.held_back += _commit(judgement, course, db_url, apply)
            done(judgement)
    return result


def release(slug: str, course: Path, db_url: str) -> None:
    """Make nbgrader's release version, and with it the assignment in the gradebook, if one of them is missing."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    with FileLock(course / ".lock"):
        if (course / "release" / slug / f"{slug}.ipynb").is_file() and gradebook.knows(db_url, slug):
            return
        source.build(slug)
        write_atomically(course / "source" / slug / f"{slug}.ipynb", source.dump(source.with_nbgrader(slug)))
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
        made = NbGraderAPI(config=config).generate_assignment(slug)
    if not made["success"]:
        raise ScratchlabError(f"generate_assignment {slug} failed:\n{made.get('error') or made.get('log')}")


def _judgements(client, chosen: list[str], slug: str, course: Path, kernel: str) -> Iterator[Judgement]:
    """The judgements as they come. A submission that takes its worker down three times is our fault until somebody looks."""
    from distributed import as_completed

    futures = {client.submit(jobs.judge, student, slug, course, kernel, pure=False): student for student in chosen}
    for future in as_completed(futures):
        error = future.exception()
        if error is None:
            yield future.result()
        else:
            note = jobs.AGAIN.format(reason=f"{type(error).__name__}: {error}"[:300])
            yield Judgement(student=futures[future], lab=slug, state="our fault", notes=(note,))
        future.release()


def _commit(judgement: Judgement, course: Path, db_url: str, apply: bool) -> list[Change]:
    """Write one learner's files and grade; returns the changes that were held back instead."""
    with FileLock(course / ".lock"):
        before = gradebook.grade_of(db_url, judgement.lab, judgement.student)
        changes = _changes(judgement, before)
        if not apply and any(each.before is not None for each in changes):
            return changes
        _write_files(judgement, course)
        gradebook.commit(db_url, judgement, _timestamp(course, judgement))
        if before is not None:  # a person may have said something meanwhile
            write_feedback(judgement, course, gradebook.grade_of(db_url, judgement.lab, judgement.student, judgement))
    return []


def _changes(judgement: Judgement, before: StudentGrade | None) -> list[Change]:
    after = {question.cell: question.score for question in judgement.questions}
    pairs = [(each.cell, each.auto) for each in before.questions] if before else []
    return [Change(judgement.student, cell, score, after.get(cell)) for cell, score in pairs if score != after.get(cell)]


def judged(slug: str, course: Path = COURSE) -> dict[str, Judgement]:
    """The judgements behind the grades in the gradebook, by learner."""
    paths = (course / "judged" / "students").glob(f"*/{slug}.json")
    return {path.parent.name: Judgement.model_validate_json(path.read_bytes()) for path in paths}


def _write_files(judgement: Judgement, course: Path) -> None:
    slug = judgement.lab
    if judgement.notebook is not None:
        text = nbformat.writes(nbformat.from_dict(judgement.notebook), indent=1) + "\n"
        write_atomically(course / "autograded" / judgement.student / slug / f"{slug}.ipynb", text)
    write_atomically(course / "judged" / "students" / judgement.student / f"{slug}.json", judgement.model_dump_json())
    write_feedback(judgement, course)


def write_feedback(judgement: Judgement, course: Path, grade=None) -> Path:
    """Write the learner's page; with `grade` it shows what a person said too."""
    path = course / "feedback" / judgement.student / judgement.lab / f"{judgement.lab}.html"
    write_atomically(path, feedback.render(judgement, grade, _title(judgement.lab)))
    return path


def _timestamp(course: Path, judgement: Judgement):
    """When the submission was made, if nbgrader's timestamp.txt says so."""
    from nbgrader.utils import parse_utc

    path = course / "submitted" / judgement.student / judgement.lab / "timestamp.txt"
    try:
        return None if path.is_symlink() else parse_utc(path.read_text(encoding="utf-8")[:100].strip())
    except (OSError, ValueError, UnicodeDecodeError):
        return None
