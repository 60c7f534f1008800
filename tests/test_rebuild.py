"""The clean notebook: which cell is which, whose source counts, what is put back, and in which order."""

import copy
import json

import nbformat
import pytest

from labwright.grading.reading import Refused, read
from labwright.grading.rebuild import rebuild
from labwright.source import learner, solved

RELEASED, SOLVED = learner("nn-perceptron"), solved("nn-perceptron")
GRADED = [cell.metadata.nbgrader.grade_id for cell in RELEASED.cells if "nbgrader" in cell.metadata]
STUB = {cell.id: cell.source for cell in RELEASED.cells}
ANSWER = {cell.id: cell.source for cell in SOLVED.cells}


class Submission:
    """A solved notebook that a test spoils."""

    def __init__(self, notebook=SOLVED):
        self.notebook = copy.deepcopy(notebook)
        self.cells = self.notebook.cells

    def at(self, name: str) -> int:
        return [cell.get("id") for cell in self.cells].index(name)

    def __getitem__(self, name: str):
        return self.cells[self.at(name)]

    def drop(self, *names: str) -> None:
        for name in names:
            del self.cells[self.at(name)]

    def add(self, place: int, source: str, kind: str = "code", **metadata) -> None:
        self.cells.insert(place, nbformat.from_dict({"cell_type": kind, "source": source, "metadata": metadata}))

    def paste(self, name: str, place: int, source: str | None = None) -> None:
        """Copy and paste the cell, as JupyterLab does: its metadata come along, its id does not."""
        pasted = self[name] if source is None else self[name] | {"source": source}
        self.cells.insert(place, nbformat.from_dict({key: value for key, value in pasted.items() if key != "id"}))

    def forget_names(self) -> None:
        for cell in self.cells:
            cell.metadata = {}
            cell.pop("id", None)


class Result:
    """What came out of it, after what holds for every clean notebook was asserted."""

    def __init__(self, submission: Submission):
        self.notes: list[str] = []
        notebook = rebuild(read(json.dumps(submission.notebook).encode(), "x.ipynb", self.notes), RELEASED, self.notes)
        nbformat.validate(notebook)
        self.notebook, self.order = notebook, [cell.id for cell in notebook.cells]
        assert len(set(self.order)) == len(self.order)
        graded = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
        assert sorted(graded) == sorted(GRADED)
        for name in [name for name in GRADED if f"check-{name}" in GRADED]:
            assert self.order.index(name) < self.order.index(f"check-{name}")
        for released in RELEASED.cells:
            if "nbgrader" in released.metadata or released.id == "setup":
                assert {key: value for key, value in self[released.id].metadata.items() if key != "scratchlab"} == released.metadata
            if released.id in ("setup", "text-0b497b37") or released.id.startswith("check-"):
                assert self[released.id].source == released.source

    def __getitem__(self, name: str):
        return self.notebook.cells[self.order.index(name)]

    def role(self, name: str) -> str:
        return self[name].metadata.scratchlab.role

    def noted(self, *words: str) -> None:
        """Assert that there is one note, and that it holds the words."""
        (note,) = self.notes
        assert all(word in note for word in words), note


def test_a_solved_notebook_comes_through_as_it_is():
    result = Result(Submission())
    assert result.notes == []
    assert [cell.id for cell in SOLVED.cells] == result.order
    assert all(result[name].source == ANSWER[name] for name in ("predict", "update", "answer-no-line"))
    roles = {name: result.role(name) for name in ("setup", "predict", "check-predict", "answer-no-line", "text-66d1535a", "text-f56fab7a")}
    assert list(roles.values()) == ["setup", "solution", "check", "answer", "given", "text"]


def test_nothing_but_types_and_sources_is_taken_over():
    submission = Submission()
    plain = Result(submission).notebook
    for cell in submission.cells:
        cell.metadata |= {"tags": ["raises-exception", "skip-execution"], "deletable": True, "scratchlab": {"role": "check"}}
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = cell.metadata.nbgrader | {"points": 1_000, "grade": True, "locked": False, "checksum": "0"}
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = 3, [{"output_type": "stream", "name": "stdout", "text": "<script>"}]
    submission.notebook.metadata = {"kernelspec": {"name": "evil", "language": "python"}, "widgets": {}}
    assert Result(submission).notebook == plain


def test_attached_pictures_are_left_out_with_a_note():
    submission = Submission()
    submission["answer-no-line"]["attachments"] = {"proof.png": {"image/png": ""}}
    result = Result(submission)
    result.noted("pictures", str(submission.at("answer-no-line") + 1))
    assert "attachments" not in result["answer-no-line"]


def test_locked_cells_get_their_source_back():
    submission = Submission()
    submission["check-predict"].source = 'print("full marks")'
    submission["setup"].source += "\nimport math"
    submission["text-0b497b37"].source = 'PROFILE = "gpu"'
    submission["check-update"].source += "\n\n"
    submission["check-train"].cell_type = "markdown"
    result = Result(submission)
    assert [word in note for word, note in zip(("PROFILE", "setup", "check-predict"), result.notes, strict=True)] == [True] * 3
    assert all("was changed; the original was used" in note for note in result.notes)


def test_white_space_is_no_change():
    submission = Submission(RELEASED)
    for cell in submission.cells:
        cell.source = "\n" + cell.source.replace("\n", "  \r\n") + "\n\n"
    result = Result(submission)
    assert result.notes == []
    assert result.notebook == Result(Submission(RELEASED)).notebook


def test_changed_and_added_cells_are_the_learners_own():
    submission = Submission()
    submission["text-66d1535a"].source += "\nx = 1"
    submission.add(3, "!ls\n%timeit 1")
    submission.add(4, "a remark", "markdown")
    submission.add(5, "raw", "raw")
    result = Result(submission)
    assert result.notes == []
    assert result.order[3:6] == ["own-1", "own-2", "own-3"]
    assert [result.role(f"own-{n}") for n in (1, 2, 3, 4)] == ["own", "text", "text", "own"]
    assert result["own-1"].source == "!ls\n%timeit 1"
    assert result["own-4"].source.endswith("x = 1")
    assert result["own-3"].cell_type == "markdown"


def test_a_pasted_stub_gives_way_to_what_was_written():
    for place in (0, -1):
        submission = Submission()
        submission.paste("predict", submission.at("predict") + 1 + place, STUB["predict"])
        result = Result(submission)
        result.noted("predict", "2 times", "wrote")
        assert result["predict"].source == ANSWER["predict"]
        assert "own-1" not in result.order


def test_of_two_written_answers_both_run_and_the_last_counts():
    submission = Submission()
    submission.paste("predict", submission.at("predict"), "def predict(X, w, b): return 0")
    submission.paste("answer-no-line", submission.at("answer-no-line"), "my first try")
    result = Result(submission)
    assert ["predict" in result.notes[0], "answer-no-line" in result.notes[1], len(result.notes)] == [True, True, 2]
    assert result.order.index("own-1") == result.order.index("predict") - 1
    assert (result.role("own-1"), result["own-1"].source) == ("own", "def predict(X, w, b): return 0")
    assert (result.role("own-2"), result["own-2"].source) == ("text", "my first try")
    assert result["predict"].source == ANSWER["predict"]


def test_of_two_checks_the_last_stays():
    submission = Submission()
    submission.paste("check-predict", len(submission.cells))
    result = Result(submission)
    result.noted("check-predict", "2 times", "one was kept")
    assert result.order[-1] == "check-predict"


def test_of_two_setup_cells_the_first_stays():
    submission = Submission()
    submission.add(30, submission["setup"].source)
    submission.cells[30]["id"] = "setup"
    result = Result(submission)
    result.noted("setup", "2 times", "one was kept")
    assert result.order.index("setup") == 3


def test_a_question_to_a_check_stays_the_learners_own():
    submission = Submission()
    submission.add(submission.at("check-predict") + 1, 'check("predict", hint=1)')
    result = Result(submission)
    assert result.notes == []
    assert result.role("own-1") == "own"


@pytest.mark.parametrize(
    ("dropped", "neighbors"),
    [
        (["check-predict"], ["predict", "check-predict"]),
        (["predict"], ["predict", "check-predict"]),
        (["predict", "check-predict"], ["predict", "check-predict"]),
        (["answer-no-line"], ["text-093db612", "answer-no-line"]),
    ],
)
def test_deleted_graded_cells_are_put_back(dropped, neighbors):
    submission = Submission()
    submission.drop(*dropped)
    result = Result(submission)
    assert [note.split()[2] for note in result.notes] == dropped
    assert all("was missing; it was put back" in note for note in result.notes)
    assert result.order.index(neighbors[1]) - result.order.index(neighbors[0]) == 1
    assert all(result[name].source == STUB[name] for name in dropped)


@pytest.mark.parametrize(
    ("dropped", "top"),
    [
        (["setup"], ["text-0b497b37", "setup"]),
        (["text-0b497b37"], ["text-0b497b37"]),
        (["text-0b497b37", "setup"], ["text-0b497b37", "setup"]),
    ],
)
def test_the_deleted_setup_cell_is_put_back_below_the_profile_that_it_reads(dropped, top):
    submission = Submission()
    submission.drop("text-efe65c55", "text-4a88e96e", *dropped)
    result = Result(submission)
    assert result.order[: len(top)] == top
    assert ["put back" in note for note in result.notes] == [True] * len(dropped)


def test_a_check_above_its_answer_is_moved_below_it():
    submission = Submission()
    submission.cells.insert(0, submission.cells.pop(submission.at("check-predict")))
    result = Result(submission)
    result.noted("check-predict", "moved below")
    assert result.order.index("check-predict") == result.order.index("predict") + 1


def test_an_answer_below_its_cell_counts_where_the_stub_was_left():
    submission = Submission()
    submission["predict"].source = STUB["predict"]
    submission.add(submission.at("check-predict") + 1, ANSWER["predict"])
    result = Result(submission)
    assert result["predict"].source == ANSWER["predict"]
    assert result.order.index("check-predict") == result.order.index("predict") + 1


def test_a_cell_that_answers_two_tasks_is_not_undone_by_the_stub_put_back():
    submission = Submission()
    submission["predict"].source += "\n\n\n" + ANSWER["update"]
    submission.drop("update")
    result = Result(submission)
    result.noted("update", "put back")
    assert result.order.index("update") < result.order.index("predict")


def test_code_and_text_are_told_apart():
    submission = Submission()
    for name in ("predict", "update"):
        submission[name].cell_type = "markdown"
    submission["update"].source = "I add the example."
    submission["answer-no-line"].cell_type = "code"
    result = Result(submission)
    assert result["predict"].source == ANSWER["predict"]
    assert result["update"].source == STUB["update"]
    assert ["update was text, not code" in result.notes[0], "update was missing" in result.notes[1]] == [True, True]
    assert (result.role("own-1"), result["own-1"].source) == ("text", "I add the example.")
    assert (result["answer-no-line"].cell_type, result["answer-no-line"].source) == ("markdown", ANSWER["answer-no-line"])


@pytest.mark.parametrize("hostile", ["-" * 150_000 + "1", "(" * 10_000, "1+" * 60_000 + "1", "\\x", "'\\d'", "def f(:"])
def test_text_that_parsers_choke_on_is_text_or_code(hostile):
    submission = Submission()
    submission["predict"].cell_type, submission["predict"].source = "markdown", hostile
    assert Result(submission)["predict"].source in (hostile, STUB["predict"])


def test_names_that_a_host_took_away_are_found_by_content():
    submission = Submission()
    plain = Result(submission).notebook
    submission["text-0b497b37"].source = 'PROFILE = "gpu"'
    submission["check-predict"].source = "# my check\nlab.check(\n    'predict',\n)"
    submission.forget_names()
    result = Result(submission)
    assert result.notebook == plain
    assert ["were changed" in note or "was changed" in note for note in result.notes] == [False, True, True]
    assert "lost their names" in result.notes[0]


def test_cell_ids_do_where_the_metadata_are_gone():
    submission = Submission()
    plain = Result(submission).notebook
    for cell in submission.cells:
        cell.metadata = {}
    result = Result(submission)
    assert (result.notebook, result.notes) == (plain, [])


def test_the_notebook_of_another_lab_is_refused():
    with pytest.raises(Refused, match="another lab"):
        Result(Submission(solved("attn-scaled-dot-product")))
