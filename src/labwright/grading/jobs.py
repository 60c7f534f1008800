"""Judge one submission, wherever this runs, and keep the result under a name that says what it was made from.

Judging again what did not change gives the file that is there: a class that was interrupted goes on where it stopped.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode
from pydantic import ValidationError

from labwright import source
from labwright.grading import intake, standard
from labwright.grading.judge import examine
from labwright.grading.kernel import SANDBOX
from labwright.grading.records import Judgement, Receipt
from labwright.grading.sandbox import backends
from labwright.paths import write_atomically
from labwright.run import environment
from scratchlab.errors import ScratchlabError

AGAIN = "Grading this failed on our side ({reason}). Nothing is wrong with what you handed in; it will be graded again."


def judge(student: str, slug: str, course: Path = standard.COURSE, kernel: str = SANDBOX) -> Judgement:
    """The judgement of COURSE/submitted/STUDENT/SLUG. Whatever is handed in, this returns; a failure of ours says so."""
    try:
        received = intake.receive(course / "submitted" / student / slug, slug, source.learner(slug))
        if received.notebook is None:
            return Judgement(student=student, lab=slug, state="not gradable", notes=received.notes)
        found = _result(student, slug, received, course, kernel, _in_time)
        return found.model_copy(update={"student": student, "notes": received.notes})
    except (ScratchlabError, OSError, ImportError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        return Judgement(student=student, lab=slug, state="our fault", notes=(AGAIN.format(reason=reason),))


def rehearse(slug: str, course: Path = standard.COURSE, kernel: str = SANDBOX) -> list[str]:
    """Judge the lab's own solution here, as if a learner had handed it in: what it fails, which nobody should be graded by."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        place = Path(folder, "submitted", "reference", slug, f"{slug}.ipynb")
        write_atomically(place, source.dump(source.solved(slug)))
        received = intake.receive(place.parent, slug, source.learner(slug))
    return _failures(_result("reference", slug, received, course, kernel, lambda found: not _failures(found)))


def _in_time(judgement: Judgement) -> bool:
    """Whether nothing timed out: a busy machine may be why, so that is tried anew each time."""
    return all(question.state != "timed out" for question in judgement.questions)


def _failures(judgement: Judgement) -> list[str]:
    return [
        f"{question.name}/{finding.name}: {' '.join(finding.detail)}"
        for question in judgement.questions
        for finding in question.findings
        if finding.state != "passed"
    ]


def _result(student: str, slug: str, received: intake.Received, course: Path, kernel: str, keeps: Callable[[Judgement], bool]) -> Judgement:
    """The result of an earlier run with the same content, else of one now, which is kept if it is one that `keeps`."""
    held = standard.read(slug, course)
    path = result_path(course, slug, received.digest, held, kernel)
    found = _kept(path)
    if found is None:
        found = _judged(student, slug, received, held, kernel)
        if keeps(found):
            write_atomically(path, found.model_dump_json())
    return found


def result_path(course: Path, slug: str, digest: str, held: standard.Standard, kernel: str) -> Path:
    """Where the result of a submission with this content lies: a hash of all that it depends on."""
    parts = "\n".join([digest, held.digest, hashlib.sha256(held.secret).hexdigest(), environment(), kernel])
    return course / "judged" / slug / f"{hashlib.sha256(parts.encode()).hexdigest()}.json"


def _kept(path: Path) -> Judgement | None:
    """The result of an earlier run; a file that cannot be read counts as none."""
    try:
        return Judgement.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _judged(student: str, slug: str, received: intake.Received, held: standard.Standard, kernel: str) -> Judgement:
    began, notebook = time.perf_counter(), NotebookNode(received.notebook)
    found = examine(notebook, held, whole=False, kernel_name=kernel)
    receipt = Receipt(
        submission=received.digest,
        checks=held.digest,
        environment=hashlib.sha256(environment().encode()).hexdigest(),
        seed=hashlib.sha256(held.secret).hexdigest()[:8],
        sandbox=backends.chosen().name if kernel == SANDBOX else "none",
        seconds=round(time.perf_counter() - began, 2),
        memory_gb=round(found.memory_gb, 3),
        restarts=found.restarts,
        whole=found.whole,
    )
    return Judgement(student=student, lab=slug, state="graded", questions=tuple(found.questions), notebook=dict(notebook), receipt=receipt)
