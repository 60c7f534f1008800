"""Checkouts to measure in: of small made-up labs, or a copy of this one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from labwright.paths import ROOT
from labwright.processes import ONE_THREAD

BIN = Path(sys.executable).parent


def small(folder: Path, labs: int) -> Path:
    """A checkout of `labs` small labs, demo-0, demo-1 and so on, as `labwright new` makes them."""
    for name in ("labs", "book", "src/scratchlab"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copy(ROOT / "book" / "curriculum.yml", folder / "book")
    call("labwright", "new", "demo-0", "--title", "Demo", folder=folder)
    first = folder / "labs" / "demo-0"
    for number in range(1, labs):
        target = folder / "labs" / f"demo-{number}"
        shutil.copytree(first, target)
        for path in target.glob("*.*"):
            path.write_text(path.read_text().replace("demo-0", f"demo-{number}"))
    return folder


def copy(folder: Path) -> Path:
    """This checkout with what was built in it, so that a change can be tried."""
    skipped = {".venv", ".git", ".stamps", "work", ".hypothesis"}
    shutil.copytree(ROOT, folder, symlinks=True, ignore=lambda where, names: skipped & set(names) if Path(where) == ROOT else set())
    return folder


def call(*command: str, folder: Path) -> str:
    """What a command of this environment prints, run in `folder`. Errors: RuntimeError with the end of its output."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "SCRATCHLAB_LABS": str(folder / "labs")} | ONE_THREAD
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
