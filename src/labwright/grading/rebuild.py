"""Make the notebook that is judged: the lab's cells as released, the learner's answers in them, and nothing else of the file."""

import copy
import itertools

import nbformat
from nbformat import NotebookNode

from labwright.grading.reading import Cell, Refused
from labwright.grading.recognize import Part, Row, defined, plain, recognize


def rebuild(cells: list[Cell], released: NotebookNode, notes: list[str]) -> NotebookNode:
    """The clean notebook: every graded cell of `released` once, a check below its solution; adds to `notes` what was repaired.

    Raises Refused if none of the lab's graded cells is in `cells`.
    """
    parts = [Part(cell) for cell in released.cells]
    rows = recognize(cells, parts, notes)
    if any(part.graded for part in parts) and not any(row.part and row.part.graded for row in rows):
        raise Refused("None of this lab's tasks is in the notebook that you handed in. Is it the notebook of another lab?")
    _lock(rows, notes)
    _put_back(rows, parts, notes)
    _sort_checks(rows, notes)
    return _notebook(rows, released)


def _lock(rows: list[Row], notes: list[str]) -> None:
    """Give back their released source to the cells that are not the learner's to change."""
    for row in rows:
        part = row.part
        if part and part.locked and row.source.split() != part.source.split():
            hint = " Keep your own imports and settings in your answer cells." if part.opens else ""
            notes.append(f"The cell {part.title} was changed; the original was used.{hint}")
        if part and (part.locked or plain(row.source) == plain(part.source)):
            row.source = part.source


def _put_back(rows: list[Row], parts: list[Part], notes: list[str]) -> None:
    there = {row.part for row in rows}
    for part in parts:
        if part.required and part not in there:
            rows.insert(_place(part, rows, parts), Row(part.source, part.is_code, part))
            notes.append(f"The cell {part.title} was missing; it was put back as it was released.")


def _place(part: Part, rows: list[Row], parts: list[Part]) -> int:
    """Where in `rows` a missing part belongs."""
    at = {row.part.name: place for place, row in enumerate(rows) if row.part}
    before = [each for each in parts[: parts.index(part)] if each.name in at]
    if part.opens:
        return max((at[each.name] + 1 for each in before if each.opens), default=0)
    if part.role == "check":
        return at.get(_task(part), len(rows) - 1) + 1
    if part.role == "solution":
        # A stub below a cell that answers two tasks at once would undo the second answer.
        needed = defined(part.source)
        bounds = [place for place, row in enumerate(rows) if needed and row.is_code and needed <= defined(row.source)]
        bounds += [at[name] for name in (f"check-{part.name}",) if name in at]
        if bounds:
            return min(bounds)
    return at[before[-1].name] + 1 if before else len(rows)


def _task(part: Part) -> str:
    return part.name.removeprefix("check-")


def _sort_checks(rows: list[Row], notes: list[str]) -> None:
    """Move a check that stands above its solution to right below it."""
    for check in [row for row in rows if row.role == "check"]:
        place = rows.index(check)
        solution = next((at for at, row in enumerate(rows) if row.role == "solution" and row.part.name == _task(check.part)), -1)
        if place < solution:
            rows.insert(solution, rows.pop(place))
            notes.append(f"The cell {check.part.name} stood above the answer that it checks; it was moved below it.")


def _notebook(rows: list[Row], released: NotebookNode) -> NotebookNode:
    numbers = itertools.count(1)
    cells = []
    for row in rows:
        if row.part:
            cell = copy.deepcopy(row.part.cell)
        else:
            cell = nbformat.from_dict({"cell_type": "code" if row.is_code else "markdown", "metadata": {}, "id": f"own-{next(numbers)}"})
            cell.update({"outputs": [], "execution_count": None} if row.is_code else {})
        cell.source = row.source
        cell.metadata["scratchlab"] = nbformat.from_dict({"role": row.role})
        cells.append(cell)
    return nbformat.from_dict({**copy.deepcopy({key: released[key] for key in released if key != "cells"}), "cells": cells})
