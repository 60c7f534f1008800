"""Run a command of labwright where there is no network but this machine's own loopback: what the cpu profile promises."""

import shutil
import subprocess
import sys
from pathlib import Path

from labwright import contract
from scratchlab import data
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs


def call(arguments: list[str]) -> int:
    """`labwright ARGUMENTS` without a network; returns its exit code. Data of the labs that it names (else all) is fetched before.

    Errors: ScratchlabError where bubblewrap is missing or may not make a network of its own.
    """
    lock = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--"]
    if not shutil.which(lock[0]):
        raise ScratchlabError("Taking the network away needs bubblewrap: apt-get install bubblewrap")
    tried = subprocess.run([*lock, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        raise ScratchlabError(
            f"bubblewrap cannot take the network away here: {tried.stderr.strip()}\n"
            "On Ubuntu 24.04: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    for name in sorted({name for slug in _labs_in(arguments) for name in contract.read(slug).data}):
        data.get(name)
    return subprocess.run([*lock, str(Path(sys.executable).parent / "labwright"), *arguments]).returncode


def _labs_in(arguments: list[str]) -> list[str]:
    return [each for each in arguments if each in known_labs()] or known_labs()
