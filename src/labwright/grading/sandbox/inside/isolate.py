"""Runs inside: takes from this process all that a learner's code must not have. Linux's own calls, as ctypes reaches them.

bubblewrap made the file system; what is done here, for each kernel that is forked in it, is what bubblewrap would have done
for a kernel alone: a process table, private folders and a view of the run folder of its own, and then no right to anything else.
"""

import ctypes
import os
import resource
import signal
import traceback
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
# From the kernel's headers: linux/sched.h, linux/mount.h, linux/prctl.h, linux/seccomp.h, linux/capability.h.
NEW_MOUNTS, NEW_NAMES, NEW_IPC, NEW_PROCESSES = 0x20000, 0x4000000, 0x8000000, 0x20000000
NO_SETUID, NO_DEVICES, BIND, RECURSIVE, PRIVATE = 2, 4, 0x1000, 0x4000, 1 << 18
PARENT_DEATH, SET_SECCOMP, FILTER, DROP_BOUNDING, NO_NEW_PRIVILEGES, AMBIENT, CLEAR_ALL = 1, 22, 2, 24, 38, 47, 4
CAPABILITIES = 0x20080522  # _LINUX_CAPABILITY_VERSION_3


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [("steps", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def end_with_parent() -> None:
    """Be killed when the process that forked this one ends."""
    _call("prctl", PARENT_DEATH, signal.SIGKILL, 0, 0, 0)


def own_namespaces() -> None:
    """Leave the namespaces of mounts, names and System V objects; the next child is the first process of a new process table."""
    _call("unshare", NEW_MOUNTS | NEW_NAMES | NEW_IPC | NEW_PROCESSES)


def own_files(keep: list[str], private: dict[str, int]) -> None:
    """Fresh /proc and private folders (size in bytes of each). What `keep` names, parents first, stays to be seen where it is."""
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    _mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES)
    held = {place: os.open(place, os.O_PATH) for place in keep}  # before the new folders hide them
    for place, size in private.items():
        _mount("tmpfs", place, "tmpfs", NO_SETUID | NO_DEVICES, f"size={size},mode=1777")
    for place, descriptor in held.items():
        os.makedirs(os.path.dirname(place), mode=0o755, exist_ok=True)
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            os.makedirs(place, mode=0o755, exist_ok=True)
        else:
            open(place, "a").close()
        _mount(f"/proc/self/fd/{descriptor}", place, None, BIND)  # as read-only as where it comes from
        os.close(descriptor)


def limit(limits: dict[str, tuple[int, int]]) -> None:
    """Set limits by the names of the resource module, and offer this process as the first to end when memory is full."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    for name, values in limits.items():
        resource.setrlimit(getattr(resource, name), values)


def drop_rights(user: int, filter_: bytes) -> None:
    """Become `user`, with no capability and no way to get one; from here on `filter_` (classic BPF) decides about system calls."""
    for capability in range(64):
        if LIBC.prctl(DROP_BOUNDING, capability, 0, 0, 0) != 0:
            break
    _call("prctl", AMBIENT, CLEAR_ALL, 0, 0, 0)
    if os.getuid() != user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    _call("capset", header, none)
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    program = Program(len(filter_) // 8, filter_)
    _call("prctl", SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0)


def be_first(kernel: Callable[[], None]) -> int:
    """Be the first process of the process table: start `kernel` in a child, bury whoever dies, and end, with everybody, when the
    kernel ends. Returns its exit code (128 + signal if it was killed)."""
    child = os.fork()
    if child == 0:
        try:
            kernel()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    text = [each.encode() if each is not None else None for each in (source, target, kind, options)]
    _call("mount", text[0], text[1], text[2], ctypes.c_ulong(flags), text[3])


def _call(name: str, *arguments) -> None:
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
