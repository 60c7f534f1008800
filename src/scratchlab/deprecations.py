"""Warnings of deprecation during a run: kept for the authors instead of printed among what readers see."""

import linecache
import os
import sys
import warnings
from pathlib import Path

from scratchlab.labs import labs_folder

KINDS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
seen: list[dict] = []  # {"kind", "where", "ours", "text"}, each once
MAX_TEXT = 300  # characters kept of a warning


def watch() -> None:
    """From now on add such warnings to `seen`; others are shown as before. Calling it twice changes nothing."""
    show = warnings.showwarning
    if getattr(show, "watches", False):
        return

    def note(message, category, filename, lineno, file=None, line=None) -> None:
        if not issubclass(category, KINDS):
            show(message, category, filename, lineno, file, line)
            return
        where, ours = place(filename, lineno)
        found = {"kind": category.__name__, "where": where, "ours": ours, "text": " ".join(str(message).split())[:MAX_TEXT]}
        if found not in seen:
            seen.append(found)

    note.watches = True
    warnings.showwarning = note
    for kind in KINDS:  # Python hides most of them
        warnings.filterwarnings("default", category=kind)


def place(filename: str, line: int) -> tuple[str, bool]:
    """Where a warning points to, in words that are the same on every machine, and whether that is this book's own code."""
    if f"ipykernel_{os.getpid()}{os.sep}" in filename:  # a notebook's cell
        return f"lab.py: {linecache.getline(filename, line).strip()}", True
    path, labs, package = Path(filename).resolve(), labs_folder().resolve(), Path(__file__).resolve().parent
    for folder in (labs, package):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder.parent).as_posix()}:{line}", True
    above = max((each for each in sys.path if each and filename.startswith(each + os.sep)), key=len, default="")
    return f"{Path(filename).relative_to(above).as_posix()}:{line}", False
