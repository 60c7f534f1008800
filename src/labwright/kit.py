"""A kit: one archive with which a class computer without internet runs the labs. Packages, data, notebooks and the site."""

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labwright import contract, kit_install, source
from labwright.paths import BUILD, ROOT
from scratchlab import data
from scratchlab.errors import ScratchlabError
from scratchlab.session import DISTRIBUTIONS

SITE = BUILD / "html"
OPENS = ("jupyterlab", "ipykernel")  # beside what scratchlab and the labs need
TORCH = ("torch", "torchvision")
PACKED = (".whl", ".tgz", ".gz", ".zip", ".deb", ".png", ".woff2", ".woff")  # not to be compressed once more
README = """\
# The labs, without internet

This kit is for {python}. It holds {count} labs with their data, every package that they need{torch}, and the whole book.

1. Unpack it where there is room: about {gb:.1f} GB.
2. Run `python install.py` in this folder. It checks every file, makes an environment in `env`, puts the data where the labs look for it,
   copies the notebooks to `work`, and opens JupyterLab. If this folder cannot be written: `python install.py --into FOLDER`.
3. Run it again whenever you want to go on. Nothing in `work` is ever overwritten.

To read the book, open `site/index.html`. Code is licensed under Apache-2.0, text under CC BY-SA 4.0, each data set as
`scratchlab data list` says.
"""


def make(target: Path, labs: list[str], with_torch: bool = True, said: Callable[[str], None] = lambda line: None) -> Path:
    """Write the kit of `labs` for machines like this one; `said` hears what is done. The archive appears when it is whole."""
    if not (SITE / "index.html").is_file():
        raise ScratchlabError("The site is not built yet, and a kit carries it. Run: make book")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, zipfile.ZipFile(partial, "w") as archive:
            files = dict(_files(labs, with_torch, Path(folder), said))
            said(f"packing {len(files)} files")
            for name, path in files.items():
                packing = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
                archive.write(path, f"{target.stem}/{name}", packing)
        os.replace(partial, target)
    except OSError as error:
        raise ScratchlabError(f"{target} could not be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _files(labs: list[str], with_torch: bool, folder: Path, said: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """Name in the kit and path here of every file; those that are made are made in `folder`."""
    contracts = {slug: contract.read(slug) for slug in labs}
    sets = sorted({name for each in contracts.values() for name in each.data})
    files = {f"notebooks/{slug}.ipynb": source.learner_path(slug) for slug in labs}
    if unmade := [slug for slug in labs if not source.learner_path(slug).is_file()]:
        raise ScratchlabError(f"no learner's copy: {', '.join(unmade)}. Run: labwright build")
    for name in sets:
        said(f"data: {name}")
        files |= {f"data/{path.name}": path for path in data.downloads(name)}
    files |= {f"wheels/{path.name}": path for path in wheels(labs, with_torch, folder, said)}
    files |= {f"site/{path.relative_to(SITE).as_posix()}": path for path in SITE.rglob("*") if path.is_file()}
    files |= {"requirements.txt": folder / "requirements.txt", "install.py": Path(kit_install.__file__)}
    facts = {
        "machine": kit_install.machine(),
        "labs": labs,
        "labs_with_torch": [slug for slug in labs if "torch" in contracts[slug].packages],
        "data": sets,
        "torch": with_torch,
        "files": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()},
    }
    (folder / "kit.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    gb = 4 * sum(path.stat().st_size for path in files.values()) / 1e9
    python = "Python {python} on {system} ({processor})".format(**facts["machine"])
    without = "" if with_torch else ", but for torch, which this computer must have"
    (folder / "README.md").write_text(README.format(python=python, count=len(labs), torch=without, gb=gb), encoding="utf-8")
    files |= {name: folder / name for name in ("kit.json", "README.md")}
    return iter(files.items())


def wheels(labs: list[str], with_torch: bool, folder: Path, said: Callable[[str], None]) -> list[Path]:
    """Fetch what a learner's environment needs, in the versions that are installed here; also writes requirements.txt."""
    imported = {name for slug in labs for name in contract.read(slug).packages}
    roots = [*OPENS, *(importlib.metadata.requires("scratchlab") or ()), *(DISTRIBUTIONS.get(name, name) for name in imported)]
    chosen = versions(roots, leave_out=() if with_torch else TORCH)
    own = f"scratchlab=={importlib.metadata.version('scratchlab')}"
    pins = [f"{name}=={version}" for name, version in sorted(chosen.items())]
    said(f"packages: {len(pins)} and the book's own")
    into = folder / "wheels"
    _pip("wheel", "--wheel-dir", into, "--no-deps", *pins)
    _pip("wheel", "--wheel-dir", into, "--no-deps", "--no-build-isolation", ROOT)
    (folder / "requirements.txt").write_text("\n".join([*pins, own]) + "\n", encoding="utf-8")
    return sorted(into.glob("*.whl"))


def versions(roots: list[str], leave_out: tuple[str, ...] = ()) -> dict[str, str]:
    """The packages `roots` and all that they need, with the versions installed here; nothing that only `leave_out` needs."""
    found: dict[str, str] = {}
    waiting, seen = [Requirement(root) for root in roots], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        extras = {"", *wanted.extras}
        if name in leave_out or not _applies(wanted, {""}) or (name, *sorted(extras)) in seen:
            continue
        seen.add((name, *sorted(extras)))
        try:
            installed = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise ScratchlabError(f"{name} is not installed here, so its version is unknown. Run: make book") from error
        found[name] = installed.version.split("+")[0]  # one version for all builds of torch, as in requirements.lock
        needs = [Requirement(line) for line in installed.requires or ()]
        for need in needs:
            if _applies(need, extras):
                need.marker = None
                waiting.append(need)
    return found


def _applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def _pip(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ScratchlabError(f"the packages could not be fetched: {' '.join(last)}")
