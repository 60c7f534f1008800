"""A class in which nearly everybody attacks: nobody gets more than an honest value, everybody gets a grade, nothing is left behind."""

import contextlib
import copy
import secrets
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import psutil
import pytest
from attacks.files import FILES
from attacks.pieces import POINTS, Attack, honest, notebook_of, read_attacks
from conftest import ROOT
from nbformat.v4 import new_code_cell

from labwright import source
from labwright.grading import batch, gradebook
from labwright.grading.records import Judgement

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")

SLUG = "nn-perceptron"
SURVIVOR = f"survivor{secrets.token_hex(8)}"  # what an attack calls that which it leaves behind
FILL = {"SURVIVOR": SURVIVOR, "REPOSITORY": str(ROOT)}
LIMITS = {
    "LABWRIGHT_CELL_SECONDS": "12",
    "LABWRIGHT_CHECK_SECONDS": "12",
    "LABWRIGHT_NOTEBOOK_SECONDS": "60",
    "LABWRIGHT_SANDBOX_MEMORY_MB": "1024",
    "LABWRIGHT_SANDBOX_FOLDER_MB": "128",
}
HONEST = {"a-first": 10, "m-middle": 10, "z-last": 10, "stub": 0}

ATTACKS = read_attacks()


@dataclass
class Graded:
    """The class after its one run: judgements by learner, in the order in which they came, and the folders."""

    judged: dict[str, Judgement]
    course: Path
    temporary: Path
    left: list[psutil.Process]


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> Graded:
    """Everybody handed in, everybody graded in one run."""
    folder = tmp_path_factory.mktemp("class")
    course, temporary = folder / "course", folder / "tmp"
    temporary.mkdir()
    hand_in(course)
    before = set(psutil.Process().children(recursive=True))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (LIMITS | {"TMPDIR": str(temporary)}).items():
            patch.setenv(name, value)
        patch.setattr("tempfile.tempdir", None)
        judged = batch.grade(SLUG, course=course).judged
    left = [each for each in psutil.Process().children(recursive=True) if each not in before and "resource_tracker" not in _words(each)]
    return Graded(judged, course, temporary, left)


def hand_in(course: Path) -> None:
    """The submissions of the class in a new course folder."""
    course.mkdir()
    shutil.copy(ROOT / "grading" / "nbgrader_config.py", course)
    (course / "secret").write_text("5e" * 32)  # always the same: chance must not decide about a test
    stub, solved = source.learner(SLUG), source.solved(SLUG)
    right = Attack("", 10, tuple(POINTS), tuple(POINTS), ())
    notebooks = {name: notebook_of(right, stub, solved, FILL) if points else copy.deepcopy(stub) for name, points in HONEST.items()}
    for name, notebook in notebooks.items():  # each its own: the same notebook is judged only once
        notebook.cells = [*notebook.cells, new_code_cell(f"'{name}'")]
    notebooks |= {attack.name: notebook_of(attack, stub, solved, FILL) for attack in ATTACKS}
    for name, notebook in notebooks.items():
        (place := course / "submitted" / name / SLUG).mkdir(parents=True)
        (place / f"{SLUG}.ipynb").write_text(source.dump(notebook), encoding="utf-8", errors="replace")
    for attack in FILES:
        (place := course / "submitted" / attack.__name__ / SLUG).mkdir(parents=True)
        attack(place, copy.deepcopy(notebooks["a-first"]))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
def test_an_attack_earns_what_its_answers_earn_and_costs_no_other_task(graded, attack):
    judgement = graded.judged[attack.name]
    assert judgement.state == "graded", judgement.notes
    for question in judgement.questions:
        assert question.score is None or 0 <= question.score <= question.points
    assert judgement.score <= attack.honest, won(judgement, attack)
    states = {question.name: question.state for question in judgement.questions}
    assert {task: states[task] for task in attack.sure} == dict.fromkeys(attack.sure, "passed")
    assert not printed(judgement, "FOUND"), printed(judgement, "FOUND")


def won(judgement: Judgement, attack: Attack) -> list[str]:
    """The properties that were granted to tasks without a right answer."""
    return [f"{q.name}/{f.name}" for q in judgement.questions if q.name not in attack.right for f in q.findings if f.state == "passed"]


def printed(judgement: Judgement, word: str) -> list[str]:
    """Lines with `word` among the outputs."""
    outputs = [str(output) for cell in judgement.notebook["cells"] for output in cell.get("outputs", ())]
    return [line for output in outputs for line in output.splitlines() if word in line]


@pytest.mark.parametrize("attack", FILES, ids=lambda each: each.__name__)
def test_a_forged_file_is_graded_by_its_answers_or_refused_with_a_reason(graded, attack):
    judgement = graded.judged[attack.__name__]
    assert judgement.state == "graded" or (judgement.state == "not gradable" and judgement.notes), judgement
    assert judgement.score == honest(attack.__doc__)


def test_everybody_ends_and_honest_learners_get_exactly_their_points(graded):
    everybody = {each.name for each in ATTACKS} | {each.__name__ for each in FILES} | set(HONEST)
    assert set(graded.judged) == everybody
    assert {name: graded.judged[name].score for name in HONEST} == HONEST
    assert all(graded.judged[name].receipt.restarts == 0 for name in HONEST)


def test_the_gradebook_opens_and_says_the_same(graded):
    url = gradebook.url(graded.course)
    grades = {each.student: each for each in gradebook.grades(url, SLUG, graded.judged)}
    assert {name: grade.score for name, grade in grades.items()} == {name: each.score for name, each in graded.judged.items()}
    assert {grade.max_score for grade in grades.values()} == {12}
    assert sorted((path.name for path in graded.course.iterdir()), key=str.lower) == COURSE


COURSE = sorted(
    [".lock", "autograded", "feedback", "gradebook.db", "judged", "nbgrader_config.py", "release", "secret", "source", "submitted"],
    key=str.lower,
)


def test_nothing_is_left_outside_the_course(graded):
    assert graded.left == []
    words = {each.pid: _words(each) for each in psutil.process_iter()}
    assert not [text for text in words.values() if SURVIVOR in text or str(graded.temporary) in text]
    assert [path.name for path in graded.temporary.iterdir()] in ([], ["dask-scratch-space"]), "what Dask leaves there are two locks"
    places = [Path(each) for each in ("/", "/usr", "/etc", "/var/tmp", "/tmp", "/dev", "/dev/shm")] + [Path.home(), ROOT, ROOT / "labs"]
    assert not [place for place in (*places, Path.cwd(), graded.course) if (place / SURVIVOR).exists()]


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def test_no_page_runs_anything_and_no_file_holds_the_secret(graded):
    secret = (graded.course / "secret").read_bytes()
    pages = 0
    for path in graded.course.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "secret":
            content = path.read_bytes()
            assert secret not in content, path
            if path.suffix == ".html":
                pages += 1
                assert not Dangers(content.decode()).found, path
    assert pages == len(graded.judged)


class Dangers(HTMLParser):
    """What in a page would run or load something."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "iframe", "object", "embed", "form", "base", "svg", "link"):
            self.found.append(tag)
        for name, value in attrs:
            loads = name in ("href", "src", "action", "srcdoc", "data", "xlink:href")
            if name.startswith("on") or (loads and not (value or "").startswith(("#", "https://", "data:image/png;base64,"))):
                self.found.append(f"{tag} {name}={value}")
