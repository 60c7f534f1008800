"""One sandbox: what it shows, what it allows, and what runs in it."""

import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from labwright.grading.sandbox import view
from labwright.grading.sandbox.limits import Limits
from scratchlab.errors import ScratchlabError

UID_MAP = Path("/proc/self/uid_map")


@dataclass(frozen=True)
class Spec:
    """`run` is the folder that holds the connection file and the sockets; `command` is what runs inside."""

    run: Path
    command: tuple[str, ...]
    limits: Limits
    user: int  # id of user and group inside
    mounts: tuple[view.Mount, ...]
    inherit: tuple[int, ...] = ()  # file descriptors that the command gets


@dataclass(frozen=True)
class Launch:
    """How a backend starts a Spec: its command, and the file descriptors that it reads settings from or passes on.

    `remove` is the command that ends it by force, where killing the processes that we see is not enough.
    """

    argv: list[str]
    descriptors: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)  # of the command, which may be read from inside
    remove: tuple[str, ...] = ()


def for_kernel(connection: Path, sockets: dict[str, int]) -> Spec:
    """A kernel that answers on the sockets of a Jupyter connection file. LABWRIGHT_SANDBOX_LAB names the one lab it may know."""
    command = (sys.executable, str(view.INSIDE / "kernel.py"), str(connection), json.dumps(sockets))
    return for_command(connection.parent, command, tuple(sockets.values()))


def for_command(run: Path, command: tuple[str, ...], inherit: tuple[int, ...] = ()) -> Spec:
    """Any command, with the limits and the lab that the environment names."""
    lab = os.environ.get("LABWRIGHT_SANDBOX_LAB")
    return Spec(run, command, Limits.from_environment(), unprivileged(), tuple(view.mounts(lab)), inherit)


def unprivileged() -> int:
    """An id to run as: our own, or, for root, one of a thousand million that nobody else has."""
    if os.getuid() != 0:
        return os.getuid()
    mapped = int(UID_MAP.read_text().split()[2])  # in a container there may be only 65536
    return mapped // 4 + secrets.randbelow(mapped // 4)  # podman takes none above 2**31


def hand_over(run: Path, user: int) -> None:
    """Let the user inside reach the run folder, which is closed to everybody but its owner."""
    if user != os.getuid():
        for path in (run, *run.iterdir()):
            os.chown(path, user, user, follow_symlinks=False)


def addresses(connection: Path) -> list[str]:
    """What the kernel listens on, ipc://PATH-1 and so on. ScratchlabError if its sockets could not be reached from outside, or if
    another kernel's key lies beside them."""
    wants = json.loads(connection.read_text(encoding="utf-8"))
    others = [path.name for path in connection.parent.glob("*.json") if path != connection]
    if wants["transport"] != "ipc" or Path(wants["ip"]).parent != connection.parent or others:
        raise ScratchlabError(
            f"A sandboxed kernel needs transport 'ipc' and a folder of its own, not {wants['transport']} at {wants['ip']}: "
            "make a fresh folder, put connection_file in it, and set ip to FOLDER/ipc."
        )
    return [f"ipc://{wants['ip']}-{wants[name]}" for name in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")]
