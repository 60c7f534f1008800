"""Where things are in a checkout."""

import os
from pathlib import Path

from scratchlab.errors import ScratchlabError


def _root() -> Path:
    """The checkout: the folder above the working directory that holds _config.yml and labs/, else this package's own."""
    for folder in (Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]):
        if (folder / "_config.yml").is_file() and (folder / "labs").is_dir():
            return folder
    raise ScratchlabError("labwright works in a checkout of the book: change into its folder first.")


ROOT = _root()
LABS = ROOT / "labs"
os.environ.setdefault("SCRATCHLAB_LABS", str(LABS))  # so that scratchlab, here and in kernels, looks at the same labs
BOOK = ROOT / "book"
BUILD = ROOT / "_build"
EXECUTED = BUILD / "executed"  # <profile>/<slug>.ipynb and .json: what `labwright run` made
RESULTS = ROOT / "results"  # <profile>/<slug>.json: recorded runs, committed


def write_atomically(path: Path, text: str) -> bool:
    """Write `text` to `path` in one step, so that nobody ever reads half a file; returns whether the content is new."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    return True
