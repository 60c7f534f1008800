"""Read the bytes of a notebook from anywhere: cells with a type and a source, or the reason why there are none, in the learner's words."""

import json
import re
from dataclasses import dataclass
from typing import Any

import nbformat

from scratchlab.errors import ScratchlabError

MAX_CELLS = 2_000
MAX_CELL = 200_000  # bytes of one cell's source
MAX_SOURCE = 2_000_000  # bytes of all sources
MAX_PARTS = 500_000  # lists and objects in the file; each costs memory far beyond its two bytes

AGAIN = "Open the notebook in Jupyter, save it, and hand in that file."
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Refused(ScratchlabError):
    """A submission that cannot be graded; the message is for the learner."""


@dataclass(frozen=True)
class Cell:
    """A cell as it was handed in. `names` may tell which cell of the lab it is: nbgrader's grade_id, the cell's id."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    names: tuple[str, ...] = ()


def shown(name: str) -> str:
    """A learner's file name, or another word of theirs, fit to stand in a message."""
    text = re.sub(r"\s", " ", _UNPRINTABLE.sub("\ufffd", name))
    return text if len(text) <= 80 else f"{text[:79]}…"


def read(data: bytes, name: str, notes: list[str]) -> list[Cell]:
    """The cells of the notebook in `data`, from a file called `name`; adds to `notes` what had to be repaired."""
    text = _text(data, shown(name), notes)
    notebook = _parse(text, shown(name))
    if notebook.get("nbformat") in (1, 2, 3):
        notebook = _upgrade(notebook, notes)
    if not isinstance(notebook.get("cells"), list):
        raise Refused(f"{shown(name)} is not a notebook: it has no cells. {AGAIN}")
    _must_be_python(notebook.get("metadata"))
    return _cells(notebook["cells"], shown(name), notes)


def _text(data: bytes, name: str, notes: list[str]) -> str:
    if not data.strip():
        raise Refused(f"{name} is empty. {AGAIN}")
    encoding = json.detect_encoding(data)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")) or (encoding.startswith("utf-8") and b"\0" in data[:1000]):
        raise Refused(f"{name} is {_binary(data)}, not a notebook. {AGAIN}")
    if not encoding.startswith("utf-8"):
        notes.append(f"The file was stored as {encoding.upper()}, but notebooks are stored as UTF-8. It could be read all the same.")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        notes.append("Some characters in the file could not be read; they were replaced by \ufffd.")
        return data.decode(encoding, "replace")


def _binary(data: bytes) -> str:
    if data.startswith(b"%PDF"):
        return "a PDF"
    if data.startswith(b"\xd0\xcf\x11\xe0") or (data.startswith(b"PK") and b"word/" in data):
        return "a Word document"
    return "a zip archive under another name" if data.startswith(b"PK") else "a file of another kind"


def _parse(text: str, name: str) -> dict:
    if text.count("[") + text.count("{") > MAX_PARTS:
        raise Refused(f"{name} is too large inside. Clear the outputs, save, and hand it in again.")
    try:
        notebook = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} {_not_json(text)}. {AGAIN}") from error
    if not isinstance(notebook, dict):
        raise Refused(f"{name} is not a notebook. {AGAIN}")
    return notebook


def _not_json(text: str) -> str:
    """What a text that should be a notebook is instead."""
    if re.search(r"^<{7}", text, re.MULTILINE) and re.search(r"^>{7}", text, re.MULTILINE):
        return "holds the marks of a merge conflict (<<<<<<< and >>>>>>>): settle it in git first"
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return "is a web page (HTML), not a notebook: use File > Download, not the browser's Save Page"
    if re.search(r"^(import \w|from [\w.]+ import|def \w|class \w|# %%)", text, re.MULTILINE):
        return "is a Python script, not a notebook: copy your answers into the lab's notebook"
    return "is damaged, perhaps cut off during the upload: it cannot be read as a notebook"


def _upgrade(notebook: dict, notes: list[str]) -> dict:
    """A notebook of format 1 to 3 in format 4."""
    try:
        newer = nbformat.convert(nbformat.reader.reads(json.dumps(notebook)), 4)
    except Exception as error:  # nbformat trusts old notebooks to be well-formed
        raise Refused(f"The notebook is in the old format {notebook['nbformat']} and cannot be converted. {AGAIN}") from error
    notes.append(f"The notebook was in the old format {notebook['nbformat']}; it was converted to format 4.")
    return newer


def _entry(container: Any, *keys: str) -> Any:
    """container[key][key]..., or None where that does not exist."""
    for key in keys:
        container = container.get(key) if isinstance(container, dict) else None
    return container


def _must_be_python(metadata: Any) -> None:
    for language in (_entry(metadata, "kernelspec", "language"), _entry(metadata, "language_info", "name")):
        if isinstance(language, str) and language and "python" not in language.lower():
            raise Refused(f"The notebook's kernel is for the language {shown(language)}. Choose a Python kernel, run it, save, hand it in.")


def _cells(raw: list, name: str, notes: list[str]) -> list[Cell]:
    if len(raw) > MAX_CELLS:
        raise Refused(f"{name} has {len(raw):,} cells; the limit is {MAX_CELLS:,}. Remove what is not needed.")
    cells = [cell for number, each in enumerate(raw, 1) if (cell := _cell(each, number, notes))]
    if not cells:
        raise Refused(f"{name} has no cells that could be read. {AGAIN}")
    if sum(len(cell.source.encode()) for cell in cells) > MAX_SOURCE:
        raise Refused(f"The cells hold more than {MAX_SOURCE // 1_000_000} MB of text. Remove what is not code or an answer.")
    return cells


def _cell(raw: Any, number: int, notes: list[str]) -> Cell | None:
    """One cell, or None with a note if it is not one."""
    kind, source = _entry(raw, "cell_type"), _entry(raw, "source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
        notes.append(f"Cell {number} could not be read and was left out.")
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if _UNPRINTABLE.search(source):
        notes.append(f"Cell {number} holds characters that could not be read; they were replaced by \ufffd.")
    source = _UNPRINTABLE.sub("\ufffd", source)
    if len(source.encode()) > MAX_CELL:
        raise Refused(f"Cell {number} is longer than {MAX_CELL // 1_000} kB. Remove data that was pasted into it.")
    if _entry(raw, "attachments"):
        notes.append(f"The pictures attached to cell {number} were left out: answers are text and formulas.")
    names = _entry(raw, "metadata", "nbgrader", "grade_id"), _entry(raw, "id")
    return Cell(kind, source, tuple(name for name in names if isinstance(name, str)))
