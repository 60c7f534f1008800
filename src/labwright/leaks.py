"""A learner's copy gives no answer away: not between forgotten markers, and not by repeating a solution in another cell."""

import re

from labwright import source
from labwright.paths import LABS
from scratchlab.errors import ScratchlabError

BETWEEN = re.compile(rf"^[^\n]*{source.BEGIN}[^\n]*\n(.*?)^[^\n]*{source.END}", re.MULTILINE | re.DOTALL)


def problems(slug: str) -> list[str]:
    """Solutions and model answers that stand in the learner's copy of the lab, made anew from lab.py, and markers left in it."""
    path = LABS / slug / "lab.py"
    try:
        copy = source.learner(slug)
    except ScratchlabError as error:
        return [str(error)]
    shown = {cell.id: _lines(cell.source) for cell in copy.cells}
    found = [f"{path}: cell '{name}' keeps a solution marker" for name, lines in shown.items() if _marked(lines)]
    for cell in source.with_nbgrader(slug).cells:
        if answer := BETWEEN.search(cell.source):
            secret = _lines(answer[1])
            found += [f"{path}: cell '{name}' gives away the answer '{cell.id}'" for name, lines in shown.items() if _holds(lines, secret)]
    return found


def _lines(text: str) -> list[str]:
    """What matters of a text: its lines without indentation, empty ones and comments."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("# ")]


def _marked(lines: list[str]) -> bool:
    return any(source.BEGIN in line or source.END in line for line in lines)


def _holds(lines: list[str], part: list[str]) -> bool:
    """Whether `part` stands in `lines`, one line after the other."""
    return bool(part) and any(lines[start : start + len(part)] == part for start in range(len(lines) - len(part) + 1))
