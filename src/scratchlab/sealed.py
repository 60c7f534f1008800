"""Unpacked data sets and their seals: a seal lists the size, time stamp and hash of every file, so that damage is noticed.

A look at sizes and time stamps costs milliseconds and is enough if they are as they were; only files that differ there are read.
"""

import contextlib
import io
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from scratchlab.fetching import DataError, sha256_of

Seal = dict[str, list]  # path inside the data set -> [bytes, time stamp in ns, sha256]


def unpack(files: list[Path], folder: str, into: Path) -> None:
    """Unpack one archive (only what is in its `folder`), or copy what is none; more than one file become a folder."""
    if len(files) > 1:
        into.mkdir()
        for file in files:
            shutil.copyfile(file, into / file.name)
    elif files[0].name.endswith((".tgz", ".tar.gz", ".whl", ".zip", ".deb")):
        everything = into.with_name("everything")
        _extract(files[0], everything)
        os.replace(everything / folder, into)
    else:
        shutil.copyfile(files[0], into)


def _extract(file: Path, into: Path) -> None:
    if file.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(file) as archive:
            archive.extractall(into)
        return
    with tarfile.open(fileobj=_tar_of_deb(file)) if file.suffix == ".deb" else tarfile.open(file) as archive:
        for member in archive.getmembers():  # the filter below is missing before Python 3.11.4
            inside = (into / member.name).resolve().is_relative_to(into.resolve())
            if not inside or not (member.isfile() or member.isdir()):
                raise DataError(f"'{member.name}' in {file.name} is a link or leads outside of its folder")
        archive.extractall(into, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def _tar_of_deb(file: Path) -> io.BytesIO:
    """The files that a Debian package installs: a member of an `ar` archive, whose headers have 60 bytes each."""
    with file.open("rb") as stream:
        stream.read(len(b"!<arch>\n"))
        while header := stream.read(60):
            size = int(header[48:58])
            if header.startswith(b"data.tar"):
                return io.BytesIO(stream.read(size))
            stream.seek(size + size % 2, os.SEEK_CUR)
    raise DataError(f"{file.name} is not a Debian package")


def of(place: Path) -> Seal:
    """The seal of a file or folder as it is now."""
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    return {path.relative_to(place).as_posix(): [*_looks(path), sha256_of(path)] for path in files}


def write(path: Path, seal: Seal) -> None:
    """Write a seal in one step."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(seal), encoding="utf-8")
    os.replace(temporary, path)


def holds(place: Path, seal: Path) -> bool:
    """Whether every sealed file is there with the content it had. Files beside them are nobody's business."""
    wanted = _read(seal)
    if not wanted or not place.exists():
        return False
    changed = [name for name, (*looks, _) in wanted.items() if _looks(place / name) != looks]
    if not all(sha256_of(place / name) == wanted[name][2] for name in changed):
        return False
    if changed:  # a copy, or one restored from a backup: the same content with other time stamps
        with contextlib.suppress(OSError):  # in a cache that cannot be written it is read again next time
            write(seal, wanted | {name: [*_looks(place / name), wanted[name][2]] for name in changed})
    return True


def damaged(place: Path, seal: Path) -> list[Path]:
    """Sealed files that are missing or have another content: all are read. Without a seal, the place itself."""
    wanted = _read(seal)
    if not wanted:
        return [place]
    return [place / name for name, (*_, content) in wanted.items() if sha256_of(place / name) != content]


def _read(seal: Path) -> Seal:
    try:
        return json.loads(seal.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _looks(path: Path) -> list[int]:
    """Size and time stamp; empty if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
