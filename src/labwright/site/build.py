"""Build the site with Jupyter Book; every warning is an error, and an unfinished site is never taken for a finished one."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from labwright import results
from labwright.paths import BOOK, BUILD, LABS, RESULTS, ROOT, write_atomically
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs
from scratchlab.profile import PROFILES

SITE = BUILD / "html"
LOG = BUILD / "book.log"
KEY = BUILD / "site.key"
# labwright first: it makes jsonschema load faster. Then what takes long to import; and at the first byte of input it builds.
JUPYTER_BOOK = """
import sys, labwright, jupyter_book.cli.main as book, jupyter_book.sphinx, matplotlib.pyplot, myst_nb, sphinxcontrib.bibtex
sys.stdin.read(1) and book.main()
"""

_ahead: list[subprocess.Popen] = []


def load_ahead() -> None:
    """Begin to load Sphinx for the next `build`, while this process has other things to do. Without one it ends when this one does."""
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(ROOT), "-W", "-n", "--keep-going"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    _ahead.append(subprocess.Popen(command, cwd=ROOT, text=True, env=environment, **pipes))


def build(progress: Callable[[str], None] = lambda line: None) -> tuple[Path, bool]:
    """Build if anything changed; returns the first page and whether it was built now. `progress` gets Sphinx's lines."""
    first = SITE / "index.html"
    key = inputs_key()
    if first.is_file() and KEY.is_file() and KEY.read_text(encoding="utf-8") == key:
        return first, False
    KEY.unlink(missing_ok=True)
    if not _ahead:
        load_ahead()
    BUILD.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log, _ahead.pop() as process:
        process.stdin.write("!")
        process.stdin.close()
        for line in process.stdout:
            log.write(line)
            progress(line.strip())
    if process.returncode != 0 or not first.is_file():
        text = re.sub(r"\x1b\[[0-9;]*m", "", LOG.read_text(encoding="utf-8"))
        found = [line for line in text.splitlines() if re.search(r"WARNING|ERROR|Error:|rror in ", line)]
        shown = list(dict.fromkeys(found))[:20] or text.splitlines()[-5:]
        raise ScratchlabError("The book was not built:\n" + "\n".join(shown) + f"\nEverything that was printed is in {LOG}")
    write_atomically(KEY, key)
    return first, True


def inputs_key() -> str:
    """Hash of everything the site is made from."""
    digest = hashlib.sha256(sys.version.encode())
    folders = (BOOK, RESULTS, ROOT / "src")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files += [LABS / slug / name for slug in known_labs() for name in (f"{slug}.ipynb", "lab.py", "lab.yml", "checks.py", "given.py")]
    files += [results.notebook_of(slug) for slug in known_labs()]
    files += [results.path_of(slug, profile) for slug in known_labs() for profile in PROFILES]
    files += [ROOT / name for name in ("_config.yml", "_toc.yml", "CONTRIBUTING.md", "CHANGELOG.md", "requirements.lock")]
    files += (ROOT / "locale").rglob("*.po")
    for path in sorted(files):
        if path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
