"""What the guides say in numbers and commands is what the program does."""

import re
import types
from dataclasses import fields

import numpy as np
import pytest
from conftest import ROOT

from labwright.grading import intake, judge, standard
from labwright.grading.records import STATES
from labwright.grading.sandbox.limits import PREFIX, Limits
from scratchlab.checking import check, run_task

GUIDES = ROOT / "book" / "guides"


def rows(guide: str, columns: int) -> list[list[str]]:
    """The rows of all tables with so many columns in a guide, without headers and rules."""
    lines = re.findall(r"^\|(.+)\|$", (GUIDES / guide).read_text(encoding="utf-8"), re.MULTILINE)
    split = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in split if len(row) == columns and not row[0].startswith("---")]


def test_the_table_of_limits_is_complete_and_right():
    said = {row[2].strip("`"): row[1].split()[0] for row in rows("sandbox.md", 3) if row[2].strip("`").isupper()}
    assert said == {field.name.upper(): str(getattr(Limits(), field.name)) for field in fields(Limits)}
    assert f"with `{PREFIX}` in front" in (GUIDES / "sandbox.md").read_text(encoding="utf-8")


def test_the_judges_limits_are_right():
    said = {row[2].strip("`"): row[1] for row in rows("sandbox.md", 3) if row[2].startswith(("`judge.", "`intake."))}
    assert len(said) == 5
    for place, words in said.items():
        module, name = place.split(".")
        number, unit = words.split()
        assert getattr({"judge": judge, "intake": intake}[module], name) == int(number) * {"s": 1, "MB": 1_000_000}[unit], place


def test_a_learner_finds_every_state_explained():
    assert {row[0] for row in rows("grading-at-home.md", 3)} >= set(STATES)


def test_the_report_in_the_learners_guide_is_what_check_says():
    class Notebook:
        @staticmethod
        def predict(X, w, b):
            return np.sign(X @ w + b)

    shown = (GUIDES / "grading-at-home.md").read_text(encoding="utf-8")
    report = check("nn-perceptron", "predict", points=1, student=Notebook)
    assert f"```text\n{report.text()}\n```" in shown
    hints = check("nn-perceptron", "predict", points=1, student=Notebook, hint=3).text().splitlines()[-3:]
    assert "```text\n" + "\n".join(hints) + "\n```" in shown


@pytest.mark.parametrize(
    ("platform", "name", "found"),
    [
        ("Moodle", "Ada Lovelace_301_assignsubmission_file/nn-perceptron.ipynb", ("301", "nn-perceptron.ipynb")),
        ("Canvas", "lovelaceada_1234_5678_nn-perceptron.ipynb", ("1234", "nn-perceptron")),
        ("Canvas", "lovelaceada_LATE_1234_5678_nn-perceptron-1.ipynb", ("1234", "nn-perceptron")),
    ],
)
def test_the_patterns_for_downloads_find_learner_and_file(platform, name, found):
    text = (GUIDES / "grading.md").read_text(encoding="utf-8")
    pattern = re.search(rf"\*\*{platform}\*\*.*?named_regexp='(.*?)'", text, re.DOTALL)[1]
    match = re.match(pattern, f"/course_7/downloaded/nn-perceptron/extracted/download/{name}")
    assert (match["student_id"], match["file_id"]) == found


def test_the_teachers_own_check_in_the_guide_works(tmp_path):
    text = (GUIDES / "grading.md").read_text(encoding="utf-8")
    own = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "predict.property" in code)
    folder = tmp_path / "private" / "nn-perceptron"
    folder.mkdir(parents=True)
    (folder / "checks.py").write_text(own)
    task = standard.read("nn-perceptron", tmp_path).tasks["predict"]
    right = types.SimpleNamespace(predict=lambda X, w, b: np.where(np.asarray(X) @ w + b > 0, 1, -1))
    wrong = types.SimpleNamespace(predict=lambda X, w, b: np.where(np.asarray(X)[..., 0] > 0, 1, -1))
    assert run_task(task, right).outcomes[-1].name == "private_many" and run_task(task, right).fraction == 1
    assert run_task(task, wrong).outcomes[-1].state == "wrong"
