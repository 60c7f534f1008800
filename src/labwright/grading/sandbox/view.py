"""What a learner's code can see: the system's programs, Python, the package that labs import, one lab's contract. Nothing else."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import labwright
import scratchlab
from labwright.paths import ROOT
from labwright.processes import ONE_THREAD
from scratchlab.data import cache_folder
from scratchlab.errors import ScratchlabError
from scratchlab.labs import lab_folder

INSIDE = Path("/sandbox")  # what runs there; it exists nowhere else, so it also tells whether we are inside
PRIVATE = (Path("/tmp"), Path("/work"), Path("/dev/shm"))  # empty at the start, writable, gone at the end
DATA = Path("/data")
LABS = Path("/labs")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")


@dataclass(frozen=True)
class Mount:
    """Something of the host, to be seen at `inside`, never written to. No `host`: an empty folder that hides what is there."""

    inside: Path
    host: Path | None


def mounts(lab: str | None) -> list[Mount]:
    """All that is mounted, parents before what lies in them. ScratchlabError if Python's place would show what must be hidden."""
    package = Path(scratchlab.__file__).parent
    shown = [*_system(), *_python(), Mount(package, package)]
    shown += [Mount(place, None) for place in _secrets(package) if place.exists() and _is_shown(place, shown)]
    shown.append(Mount(INSIDE, Path(__file__).with_name("inside")))
    if lab:
        shown.append(Mount(LABS / lab / "lab.yml", lab_folder(lab) / "lab.yml"))
    if cache_folder().is_dir():
        shown.append(Mount(DATA, cache_folder().resolve()))
    return sorted(set(shown), key=lambda mount: len(mount.inside.parts))


def links() -> dict[str, str]:
    """Links at the top of the file system that programs are found through, /bin -> usr/bin and so on."""
    return {str(path): os.readlink(path) for path in _tops() if path.is_symlink()}


def environment() -> dict[str, str]:
    """The whole environment of the learner's code: nothing is passed on but the choice of matplotlib's backend."""
    variables = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "USER": "learner",
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SCRATCHLAB_PROFILE": "cpu",
        "SCRATCHLAB_LABS": str(LABS),
        "SCRATCHLAB_DATA": str(DATA),
        "SCRATCHLAB_JUDGED": "1",
    }
    if "MPLBACKEND" in os.environ:
        variables["MPLBACKEND"] = os.environ["MPLBACKEND"]
    return variables | ONE_THREAD


def _tops() -> list[Path]:
    return [Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")]


def _system() -> Iterator[Mount]:
    yield Mount(Path("/usr"), Path("/usr"))
    for path in (*_tops(), *(Path("/etc", name) for name in ETC)):
        if path.exists() and not (path.is_symlink() and path in _tops()):
            yield Mount(path, path)


def _python() -> Iterator[Mount]:
    """The interpreter and its environment, under each name that they are called by."""
    for name in (sys.base_prefix, sys.prefix, sys.exec_prefix, Path(sys.executable).resolve().parents[1]):
        for path in (Path(name), Path(name).resolve()):
            if Path.home().is_relative_to(path) or ROOT.is_relative_to(path):
                raise ScratchlabError(
                    f"Python lives in {path}, the folder that also holds your home folder or the labs, so a learner's code would see them. "
                    "Make an environment in a folder of its own (`make` puts one in .venv) and grade with that."
                )
            yield Mount(path, path)


def _secrets(package: Path) -> list[Path]:
    """What stays hidden even where a folder above it is shown. An installed package carries the labs with their checks.

    Fonts are hidden because matplotlib would search them all at every start; with its own, figures are alike everywhere.
    """
    return [Path.home(), ROOT, Path(labwright.__file__).parent, package / "labs", Path("/usr/share/fonts")]


def _is_shown(place: Path, shown: list[Mount]) -> bool:
    return any(place.is_relative_to(mount.inside) for mount in shown)
