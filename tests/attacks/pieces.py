"""Attacks that are pieces of notebooks: the other files of this folder but files.py hold them, in this form:

    # === NAME: what it tries. Right: the tasks that are answered rightly beside it. Honest: points. May lose: tasks
    # %% PLACE      then a cell

PLACE is a task (its answer), `answers` (all five), `first`, `started` (after the setup cell), `setup`, `before TASK` or `after TASK`.
Right answers earn their points whatever happens elsewhere in the notebook, unless the attack `May lose` them.
"""

import copy
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

POINTS = {"predict": 1, "update": 2, "train": 3, "bound": 2, "pocket": 2}  # of the lab nn-perceptron


@dataclass(frozen=True)
class Attack:
    """`right`: tasks answered rightly; `sure`: those of them that earn their points in any case; `cells`: (place, text)."""

    name: str
    honest: float
    right: tuple[str, ...]
    sure: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]


def read_attacks() -> list[Attack]:
    """All attacks of this folder."""
    paths = sorted(Path(__file__).parent.glob("*.py"))
    return [_attack(text) for path in paths for text in path.read_text(encoding="utf-8").split("\n# === ")[1:]]


def _attack(text: str) -> Attack:
    head, _, body = text.partition("\n")
    cells = tuple((place, code.strip("\n")) for place, code in re.findall(r"^# %% (.*)\n((?:(?!# %% ).*\n?)*)", body, re.MULTILINE))
    right, lost = _tasks(head, "Right"), _tasks(head, "May lose")
    return Attack(head.partition(":")[0], honest(head), right, tuple(task for task in right if task not in lost), cells)


def honest(text: str) -> float:
    """The points that an attack's description says it deserves."""
    return float(re.search(r"Honest: (\d+(?:\.\d+)?)", text)[1])


def _tasks(head: str, word: str) -> tuple[str, ...]:
    found = re.search(rf"{word}: ([a-z, ]+)", head)
    names = found[1].split(", ") if found else []
    return tuple(POINTS) if names == ["all"] else tuple(names)


def notebook_of(attack: Attack, stub: NotebookNode, solved: NotebookNode, fill: dict[str, str]) -> NotebookNode:
    """The learner's copy `stub` with answers of `solved` and the attack's cells in it; words in `fill` are replaced."""
    answers = {cell.id: cell.source for cell in solved.cells}
    notebook = copy.deepcopy(stub)
    for cell in notebook.cells:
        if cell.id in attack.right:
            cell.source = answers[cell.id]
    for place, text in attack.cells:
        for word, filling in fill.items():
            text = text.replace(word, filling)
        _insert(notebook.cells, place, re.sub("^# magic ", "", text, flags=re.MULTILINE))
    return notebook


def _insert(cells: list[NotebookNode], place: str, text: str) -> None:
    at = {cell.id: number for number, cell in enumerate(cells)}
    word, _, task = place.partition(" ")
    if word == "first":
        cells.insert(0, new_code_cell(text))
    elif word == "started":
        cells.insert(at["setup"] + 1, new_code_cell(text))
    elif word in ("before", "after"):
        cells.insert(at[task] if word == "before" else at[f"check-{task}"] + 1, new_code_cell(text))
    elif word == "answers":
        for name in POINTS:
            cells[at[name]].source = text
    else:
        cell = cells[at[place if place in at else f"answer-{place}"]]
        cell.source = text if cell.cell_type == "code" else text.removeprefix("# ")
