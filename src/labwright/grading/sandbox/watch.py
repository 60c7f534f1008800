"""Keep an eye on a running sandbox from outside: what it uses, and the reason if that is too much."""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from labwright.grading.sandbox import view
from labwright.grading.sandbox.limits import Limits

INODE = 1024  # bytes of kernel memory that an empty file takes, about
MANY_FILES = 1000  # in the run folder


@dataclass(frozen=True)
class Ending:
    """How a sandbox ended: the exit code, and in one line why, if it did not end by itself."""

    code: int
    reason: str = ""

    def write(self, run: Path) -> None:
        """Leave the reason, if there is one, beside the folder `run`, where the sandbox cannot reach."""
        if self.reason and run.is_dir():  # else nobody would remove it
            reason_file(run).write_text(self.reason + "\n", encoding="utf-8")


def reason_file(run: Path) -> Path:
    """Where it is written why the sandbox with the run folder `run` was ended. Whoever made the folder removes both."""
    return run.with_name(run.name + ".reason")


class Watch:
    """Looks at the processes below `pid` each time it is asked."""

    def __init__(self, pid: int, run: Path, limits: Limits):
        self.root, self.run, self.limits = psutil.Process(pid), run, limits
        self.began = time.monotonic()
        self._first: int | None = None

    def look(self) -> str:
        """Measure now: why the sandbox has to be ended, in one line for whoever wrote the code; empty if it may go on."""
        if time.monotonic() - self.began > self.limits.wall_seconds:
            return f"The notebook ran for longer than {self.limits.wall_seconds} seconds and was stopped."
        used = self.memory()
        if used > self.limits.memory_mb << 20:
            allowed = self.limits.memory_mb / 1024
            return f"The code used {used / 2**30:.1f} GB of memory and was stopped; {allowed:.3g} GB are allowed."
        size, count = folder_usage(self.run)
        if size > self.limits.run_mb << 20 or count > MANY_FILES:
            return f"The code wrote {count} files, {size >> 20} MB, where only sockets belong, and was stopped."
        return ""

    def first(self) -> int | None:
        """A pidfd of the first process inside, once there was one; that one ends after all others."""
        if self._first is None:
            with contextlib.suppress(OSError, psutil.NoSuchProcess, IndexError):
                self._first = os.pidfd_open(self.root.children()[0].pid)
        return self._first

    def close(self) -> None:
        """Nothing is left to look at."""
        if self._first is not None:
            os.close(self._first)
            self._first = None

    def memory(self) -> int:
        """Bytes in use by all processes, and by files that live in memory."""
        self.first()
        try:
            tree = self.root.children(recursive=True)
        except psutil.NoSuchProcess:
            return 0
        resident = sum(_resident(process) for process in tree)
        if resident > self.limits.memory_mb << 20:  # dear, and needed only now: count once what forked processes share
            resident = sum(_resident(process, shared_once=True) for process in tree)
        return resident + (_in_private_folders(tree[0].pid) if tree else 0)


def _resident(process: psutil.Process, shared_once: bool = False) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        if shared_once:
            with contextlib.suppress(psutil.AccessDenied):
                return process.memory_full_info().pss
        return process.memory_info().rss
    return 0


def _in_private_folders(pid: int) -> int:
    """What the sandbox of `pid` holds in its private folders, seen through its own root."""
    root = Path(f"/proc/{pid}/root")
    used = 0
    try:
        if not (root / view.INSIDE.relative_to("/")).exists():  # not yet in its own file system
            return 0
        for place in view.PRIVATE:
            state = os.statvfs(root / place.relative_to("/"))
            used += (state.f_blocks - state.f_bfree) * state.f_frsize + (state.f_files - state.f_ffree) * INODE
    except OSError:  # it ended meanwhile
        return 0
    return used


def folder_usage(folder: Path) -> tuple[int, int]:
    """Bytes on disk and number of files below `folder`; links are not followed, and counting stops when there are too many."""
    size, count, waiting = 0, 0, [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                count += 1
                if count > MANY_FILES:
                    return size, count
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
    return size, count
