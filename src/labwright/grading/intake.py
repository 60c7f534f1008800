"""Take what a learner handed in: find the notebook in it, read it, rebuild it clean, or refuse it with a message. Nothing of it is run."""

import hashlib
import io
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from nbformat import NotebookNode

from labwright.grading.reading import Refused, read, shown
from labwright.grading.rebuild import rebuild

MAX_NOTEBOOK = 20_000_000  # bytes of one notebook file
MAX_ZIP = 50_000_000  # bytes of an archive, packed and unpacked
MAX_ENTRIES = 200  # files in an archive
MAX_FILES = 10_000  # files in a submission
MAX_DEPTH = 8  # folders in folders; far below, a path is too long to be opened
MAX_RATIO = 200  # how much smaller than its content a packed file may be
MAX_NOTES = 20  # what a learner will read
ORDINARY = 1_000_000  # bytes; the ratio of smaller files is nobody's concern


@dataclass(frozen=True)
class Received:
    """What became of a submission. `notebook` is None if it was refused.

    `notes` tell the learner what was repaired or why it was refused; `digest` (sha256) names the content, "" if refused.
    """

    notebook: NotebookNode | None
    notes: tuple[str, ...]
    digest: str


def receive(folder: Path, slug: str, released: NotebookNode) -> Received:
    """The clean notebook of the submission in `folder`, to be judged against the learner's copy `released`.

    Whatever a learner can hand in leads to a result. OSError means that the disk failed, which is not the learner's fault.
    """
    notes: list[str] = []
    try:
        path, data = _find(folder, f"{slug}.ipynb", notes)
        notebook = rebuild(read(data, path, notes), released, notes)
    except Refused as refused:
        return Received(None, (str(refused),), "")
    more = [f"And {len(notes) - MAX_NOTES} more repairs of this kind."] if len(notes) > MAX_NOTES else []
    return Received(notebook, (*notes[:MAX_NOTES], *more), _digest(notebook))


def _digest(notebook: NotebookNode) -> str:
    cells = [
        (cell.cell_type, cell.metadata.scratchlab.role, cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
        for cell in notebook.cells
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _find(folder: Path, wanted: str, notes: list[str]) -> tuple[str, bytes]:
    """Path (for messages) and content of the file that counts: a notebook, one in an archive, or else the only file."""
    if folder.is_symlink() or not folder.is_dir():
        raise Refused(f"Your submission is not a folder that holds files. Hand in {wanted} itself, not a link to it.")
    files = _files(folder)
    if not files:
        raise Refused(f"Nothing was handed in: the folder holds no file. Hand in {wanted}.")
    if notebook := _choose(_notebooks(files), wanted):
        _note_choice(notebook, files, wanted, notes)
        return notebook, _content(folder / notebook, MAX_NOTEBOOK)
    if archive := _choose([file for file in files if file.lower().endswith(".zip")], wanted.replace(".ipynb", ".zip")):
        notes.append(f"Your notebook was taken out of {shown(archive)}. Next time, hand in {wanted} itself.")
        return _unpack(_content(folder / archive, MAX_ZIP), archive, wanted, notes)
    if len(files) > 1:
        raise Refused(f"There is no notebook among the files that you handed in, {_listing(files)}. Hand in {wanted}.")
    _note_choice(files[0], files, wanted, notes)
    return files[0], _content(folder / files[0], MAX_NOTEBOOK)


def _files(folder: Path) -> list[str]:
    """Paths below `folder`, relative to it, links among them; without hidden files and nbgrader's time stamp."""
    found, todo = [], [(folder, "")]
    while todo:
        here, prefix = todo.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    found.append(prefix + entry.name)
                elif prefix.count("/") < MAX_DEPTH:
                    todo.append((entry.path, f"{prefix}{entry.name}/"))
                if len(found) + len(todo) > MAX_FILES:
                    raise Refused(f"More than {MAX_FILES:,} files were handed in. Hand in just the notebook.")
    return _visible(file for file in found if file != "timestamp.txt")


def _visible(files) -> list[str]:
    """Without what programs leave behind: hidden files, checkpoints, the Mac's twins of files in archives."""
    return sorted(file for file in files if not any(part.startswith(".") or part == "__MACOSX" for part in file.split("/")))


def _notebooks(files: list[str]) -> list[str]:
    # Browsers save X.ipynb.txt and X.ipynb.json, so the end of the name does not say it.
    return [file for file in files if ".ipynb" in file.split("/")[-1].lower() and not file.lower().endswith(".zip")]


def _choose(files: list[str], wanted: str) -> str:
    """The file called `wanted`, at the top or below, else the only one, "" if there are none; refuses several."""
    named = [file for file in files if file.split("/")[-1] == wanted]
    left = [file for file in files if file == wanted] or named or files
    if len(left) > 1:
        raise Refused(f"It is not clear which file counts: {_listing(left)}. Hand in one, called {wanted}.")
    return left[0] if left else ""


def _note_choice(chosen: str, files: list[str], wanted: str, notes: list[str]) -> None:
    if chosen.split("/")[-1] != wanted:
        notes.append(f"The file {shown(chosen)} was taken as {wanted}. Next time, keep the name.")
    if aside := [file for file in files if file != chosen and (file.endswith(".py") or file in _notebooks(files))]:
        notes.append(f"Only the notebook is graded. Not used: {_listing(aside)}. Keep all your code in the notebook.")


def _listing(files: list[str]) -> str:
    return ", ".join(shown(file) for file in files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")


def _content(path: Path, limit: int) -> bytes:
    """The bytes of an ordinary file; refuses links, devices and more than `limit` bytes."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Refused(f"{shown(path.name)} is a link or another special file, not a notebook. Hand in the file itself.")
    # O_NOFOLLOW in case it became a link since it was looked at.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
        return _read_at_most(stream, limit, path.name)


def _read_at_most(stream, limit: int, name: str) -> bytes:
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"{shown(name)} is larger than {limit // 1_000_000} MB. Clear the outputs, save, and hand it in again.")
    return data


def _unpack(data: bytes, archive: str, wanted: str, notes: list[str]) -> tuple[str, bytes]:
    """Path and content of the notebook in a zip archive, in memory."""
    again = f"Hand in {wanted} itself."
    # zipfile makes an object of some hundred bytes of each entry; this count comes before it, and may also see archives inside.
    if data.count(b"PK\x01\x02") > 10 * MAX_ENTRIES:
        raise Refused(f"{shown(archive)} holds more than {MAX_ENTRIES} files. {again}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            entries = {PureWindowsPath(entry.filename).as_posix(): entry for entry in opened.infolist() if not entry.is_dir()}
            _inspect(opened.infolist(), archive, again)
            files = _visible(entries)
            notebook = _choose(_notebooks(files), wanted)
            if not notebook:
                raise Refused(f"There is no notebook in {shown(archive)}, just {_listing(files) or 'no files'}. {again}")
            _note_choice(notebook, files, wanted, notes)
            with opened.open(entries[notebook]) as stream:
                return notebook, _read_at_most(stream, MAX_NOTEBOOK, notebook)
    except Refused:
        raise
    except Exception as error:  # on forged bytes zipfile raises errors of many kinds
        raise Refused(f"{shown(archive)} is damaged or not a zip archive. {again}") from error


def _inspect(entries: list[zipfile.ZipInfo], archive: str, again: str) -> None:
    """Refuse an archive that no ordinary program makes of a notebook."""
    if len(entries) > MAX_ENTRIES:
        raise Refused(f"{shown(archive)} holds more than {MAX_ENTRIES} files. {again}")
    if sum(entry.file_size for entry in entries) > MAX_ZIP:
        raise Refused(f"{shown(archive)} unpacks to more than {MAX_ZIP // 1_000_000} MB. {again}")
    for entry in entries:
        path = PureWindowsPath(entry.filename)
        if path.anchor or ".." in path.parts:
            raise Refused(f"{shown(archive)} holds a file that points outside of it, {shown(entry.filename)}. {again}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused(f"{shown(archive)} holds a link, {shown(entry.filename)}. {again}")
        if entry.flag_bits & 1:
            raise Refused(f"{shown(archive)} is encrypted, so nobody can grade it. {again}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(f"{shown(archive)} is compressed in an unusual way. {again}")
        if entry.file_size > max(ORDINARY, MAX_RATIO * entry.compress_size):
            raise Refused(f"In {shown(archive)}, {shown(entry.filename)} is far larger than its packed size. {again}")
