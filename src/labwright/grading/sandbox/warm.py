"""Locked-in kernels by forking: one bubblewrap for many kernels, each with processes, folders and a user of its own.

The process that forks keeps the rights it needs to lock its children in, and runs nothing of a learner's. All kernels of this
process share one place for run folders (`run_folder()`); of these each kernel sees its own alone.
"""

import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from labwright.grading.sandbox import bubblewrap, syscalls, view
from labwright.grading.sandbox.backends import chosen
from labwright.grading.sandbox.guard import SECONDS_TO_END, listen, own_end
from labwright.grading.sandbox.limits import Limits
from labwright.grading.sandbox.spec import Spec, addresses, hand_over, unprivileged
from labwright.grading.sandbox.watch import Ending, Watch
from scratchlab.errors import ScratchlabError


@cache
def runs() -> Path:
    """The folder of this process's run folders; everybody may go through it, nobody may list it. It ends with the process, or, if
    that was killed, when the next one asks."""
    for left in Path("/tmp").glob("kernels-*"):
        _hold(left) and shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="kernels-", dir="/tmp"))  # short: the path of a socket has at most 107 bytes
    _hold(made)
    made.chmod(0o711)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _hold(folder: Path) -> bool:
    """Lock a folder of ours for as long as this process lives; whether nobody else holds it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        os.close(descriptor)
    except OSError:
        pass
    return False


def run_folder() -> Path:
    """A new folder for one kernel's connection file and sockets. Whoever asks for it removes it."""
    return Path(tempfile.mkdtemp(prefix="run-", dir=runs()))


def fork(forker: Callable, connection: Path, environment: dict[str, str], preload: list[str]):
    """Fork a kernel for the connection file. Errors: ScratchlabError where this cannot be, so that a kernel is started cold."""
    run = connection.parent
    if run.parent != runs():
        raise ScratchlabError(f"{run} was not made by run_folder()")
    if chosen(environment).name != "bubblewrap":
        raise ScratchlabError("only bubblewrap can fork kernels")
    limits, lab = Limits.from_environment(environment), environment.get("LABWRIGHT_SANDBOX_LAB")
    spec = Spec(runs(), (), limits, unprivileged(), tuple(view.mounts(lab)))

    def command(descriptor: int) -> tuple[list[str], tuple[int, ...]]:
        argv, descriptors = bubblewrap.for_forker(spec)
        return [*argv, sys.executable, str(view.INSIDE / "forker.py"), str(descriptor), json.dumps(preload)], descriptors

    sockets = {address: listen(address) for address in addresses(connection)}
    hand_over(run, spec.user)
    covered = [mount.inside for mount in spec.mounts if any(mount.inside.is_relative_to(place) for place in view.PRIVATE)]
    isolate = {
        "keep": [str(place) for place in (*covered, run)],
        "user": spec.user,
        "folders": {str(place): limits.folder_mb << 20 for place in view.PRIVATE},
        "limits": limits.of_process(count_processes=True),
        "filter": syscalls.program().hex(),
    }
    request = {"connection": str(connection), "sockets": list(sockets), "isolate": isolate}
    try:
        made = forker(("sandbox", lab, limits, *preload), command)
        return made.fork(request, list(sockets.values()), lambda pid: Guard(pid, run, limits))
    finally:
        for each in sockets.values():
            os.close(each)


class Guard(Watch):
    """Looks after one forked kernel. `pid` is its topmost process, whose only child is the first one inside."""

    def end_all(self) -> None:
        """End everything inside, and come back when nothing of it is left."""
        first = self.first()
        if first is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(first, signal.SIGKILL)
        select.select([first], [], [], SECONDS_TO_END)

    def note(self, code: int, reason: str) -> None:
        """Leave beside the run folder why it ended, if it did not by itself."""
        (Ending(code, reason) if reason else own_end(code, None, self)).write(self.run)
