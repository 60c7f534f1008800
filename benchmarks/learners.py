"""Made-up learners: notebooks that are right, hold a known mistake, or were hardly begun, no two alike."""

import re

import nbformat

from labwright import source
from labwright.paths import LABS


def notebook(slug: str, number: int) -> nbformat.NotebookNode:
    """What learner `number` hands in: of four, two are right, one makes one of the lab's known mistakes, one wrote nothing."""
    made = source.learner(slug) if number % 4 == 3 else source.solved(slug)
    if number % 4 == 2:
        mistakes = sorted((LABS / slug / "wrong").glob("*.py"))
        text = mistakes[number // 4 % len(mistakes)].read_text(encoding="utf-8")
        check = f"check-{re.search(r'^# fails: ([^/]+)/', text, re.MULTILINE)[1]}"
        place = next(n for n, cell in enumerate(made.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == check)
        made.cells.insert(place, nbformat.v4.new_code_cell(text))
    made.cells.append(nbformat.v4.new_code_cell(f"learner = {number}"))
    return made
