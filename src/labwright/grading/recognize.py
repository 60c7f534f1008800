"""Which cell of the lab each cell of a submission is: by its name, by what it holds, and what to do with copies."""

import ast
import re
import warnings
from dataclasses import dataclass

from nbformat import NotebookNode

from labwright.grading.reading import Cell


class Part:
    """A cell of the lab as released."""

    def __init__(self, cell: NotebookNode):
        grading = cell.metadata.get("nbgrader", {})
        self.cell, self.name = cell, grading.get("grade_id", cell.id)
        self.is_code, self.source = cell.cell_type == "code", cell.source
        if grading.get("solution"):
            self.role = "answer" if grading.get("grade") else "solution"
        elif grading.get("grade"):
            self.role = "check"
        elif cell.id == "setup":
            self.role = "setup"
        else:
            self.role = "given" if self.is_code else "text"
        # The cell with PROFILE counts with the setup cell, which reads it: grading chooses the profile.
        self.opens = self.role == "setup" or "parameters" in cell.metadata.get("tags", [])
        self.graded = self.role in ("solution", "check", "answer")
        self.locked = self.role == "check" or self.opens
        self.required = self.graded or self.opens
        self.title = opening(self.source) if self.opens and self.role != "setup" else self.name  # for messages


@dataclass(eq=False)
class Row:
    """A cell of the clean notebook. `part` says which cell of the lab it is; None: the learner's own."""

    source: str
    is_code: bool
    part: Part | None = None

    @property
    def role(self) -> str:
        return self.part.role if self.part else "own" if self.is_code else "text"


def recognize(cells: list[Cell], parts: list[Part], notes: list[str]) -> list[Row]:
    """A row for each cell worth keeping, in the learner's order; each part is taken at most once. Adds to `notes` what was repaired."""
    rows = _by_name(cells, parts, notes)
    required = [part for part in parts if part.required]
    for part in required:
        _settle(part, [row for row in rows if row.part is part], rows, notes)
    _find_unchanged(rows, parts)
    if nameless := [part.title for part in required if _find_by_content(part, rows, notes)]:
        notes.append(f"Cells that had lost their names were recognized by what they hold: {', '.join(nameless)}.")
    return rows


def _by_name(cells: list[Cell], parts: list[Part], notes: list[str]) -> list[Row]:
    """A row for each cell; what carries the name of a cell that the lab requires is that cell."""
    known = {name: part for part in parts if part.required for name in (part.cell.id, part.name)}
    rows = []
    for cell in cells:
        part = next((known[name] for name in cell.names if name in known), None)
        row = Row(cell.source, cell.kind == "code", part)
        if part and part.role == "solution" and not row.is_code and not _is_python(cell.source):
            notes.append(f"The cell {part.name} was text, not code: it stays as text, and the task counts as not attempted.")
            row.part = None
        elif part:
            row.is_code = part.is_code
        rows.append(row)
    return rows


def _settle(part: Part, candidates: list[Row], rows: list[Row], notes: list[str]) -> None:
    """Make one candidate the `part`: the last one written. Others that were written stay as the learner's own; copies go."""
    if not candidates:
        return
    written = [] if part.locked else [row for row in candidates if plain(row.source) != plain(part.source)]
    chosen = (written or candidates)[-1] if written or part.role == "check" else candidates[0]
    for row in candidates:
        row.part = part if row is chosen else None
        if row is not chosen and row not in written:
            rows.remove(row)
    if len(candidates) > 1:
        counts = "the last one that you wrote is your answer" if written else "one was kept"
        notes.append(f"The cell {part.title} was there {len(candidates)} times; {counts}.")


def _find_unchanged(rows: list[Row], parts: list[Part]) -> None:
    """Recognize the lab's text and code that need no name because they read as released."""
    shelf: dict[tuple[bool, str], list[Part]] = {}
    for part in parts:
        if not part.required:
            shelf.setdefault((part.is_code, plain(part.source)), []).append(part)
    for row in rows:
        if row.part is None and (same := shelf.get((row.is_code, plain(row.source)))):
            row.part = same.pop(0)


def _find_by_content(part: Part, rows: list[Row], notes: list[str]) -> bool:
    """Find a required cell that lost its name, or that the learner wrote anew and left the released one untouched."""
    there = [row for row in rows if row.part is part]
    untouched = part.role == "solution" and all(plain(row.source) == plain(part.source) for row in there)
    if there and not untouched:
        return False
    similar = [row for row in rows if row.part is None and row.is_code == part.is_code and _resembles(row.source, part)]
    if similar:
        group = {*there, *similar}
        _settle(part, [row for row in rows if row in group], rows, notes)
    return bool(similar)


def _resembles(source: str, part: Part) -> bool:
    if part.role == "check":
        return bool(_called(source)) and _called(source) == _called(part.source)
    if part.role == "solution" and defined(part.source):
        return defined(part.source) <= defined(source)
    return bool(opening(part.source)) and opening(source) == opening(part.source)


def _called(source: str) -> str:
    """NAME if check("NAME") is all that the cell holds; with a hint it is a question, not the check."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("#")]
    call = re.fullmatch(r"""(?:lab\.)?check\(["']([\w.-]+)["'](?:,points=[\d.]+)?,?\)""", "".join("".join(lines).split()))
    return call[1] if call else ""


def defined(source: str) -> set[str]:
    """Functions and classes at the top level; works on code with mistakes and magics, too."""
    return set(re.findall(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", source, re.MULTILINE))


def opening(source: str) -> str:
    """The first line, of an assignment just the name: PROFILE = "gpu" is still the cell with PROFILE."""
    return source.strip().partition("\n")[0].partition("=")[0].strip()


def plain(source: str) -> str:
    """The source without the white space that means nothing."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
