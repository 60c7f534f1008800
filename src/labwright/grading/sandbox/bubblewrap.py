"""bubblewrap: namespaces and a file system made of binds, as an ordinary user or as root."""

import os
import shutil

from labwright.grading.sandbox import syscalls, view
from labwright.grading.sandbox.spec import Launch, Spec
from scratchlab.errors import ScratchlabError

NAMESPACES = ("pid", "net", "ipc", "uts", "cgroup-try")


def launch(spec: Spec) -> Launch:
    """How to start `spec`. ScratchlabError if bubblewrap is not installed."""
    argv, descriptors = _start(spec, _privileges())
    calls = _hold(syscalls.program())
    argv += ["--seccomp", str(calls), "--", *spec.limits.command(count_processes=True), *_become(spec), *spec.command]
    return Launch(argv, (*descriptors, calls, *spec.inherit))


def for_forker(spec: Spec) -> tuple[list[str], tuple[int, ...]]:
    """The command, to be followed by the program, for what forks kernels and locks each of them in itself."""
    argv, descriptors = _start(spec, _privileges("SYS_ADMIN"))
    return [*argv, "--"], descriptors


def _start(spec: Spec, privileges: list[str]) -> tuple[list[str], tuple[int, ...]]:
    program = shutil.which("bwrap")
    if program is None:
        raise ScratchlabError("bwrap was not found: install the package bubblewrap")
    passwd = _hold(f"learner:x:{spec.user}:{spec.user}::/tmp:/bin/sh\n".encode())
    group = _hold(f"learner:x:{spec.user}:\n".encode())
    argv = [program, "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    argv += [f"--unshare-{name}" for name in NAMESPACES]
    argv += privileges
    argv += ["--clearenv", *(word for pair in view.environment().items() for word in ("--setenv", *pair))]
    argv += ["--perms", "0755", "--dir", "/etc"]
    for file, place in ((passwd, "/etc/passwd"), (group, "/etc/group")):
        argv += ["--perms", "0444", "--ro-bind-data", str(file), place]
    return [*argv, *_folders(spec), "--chdir", "/work"], (passwd, group)


def _folders(spec: Spec) -> list[str]:
    argv = ["--proc", "/proc", "--dev", "/dev"]
    for place in view.PRIVATE:
        argv += ["--perms", "1777", "--size", str(spec.limits.folder_mb << 20), "--tmpfs", str(place)]
    for link, target in view.links().items():
        argv += ["--symlink", target, link]
    for mount in (*spec.mounts, view.Mount(spec.run, spec.run)):
        for parent in list(mount.inside.parents)[-2::-1]:  # from the top; bubblewrap would close them to others
            argv += ["--perms", "0755", "--dir", str(parent)]
        argv += ["--ro-bind", str(mount.host), str(mount.inside)] if mount.host else ["--tmpfs", str(mount.inside)]
    for made in (*(str(mount.inside) for mount in spec.mounts if mount.host is None), "/dev", "/"):
        argv += ["--remount-ro", made]
    return argv


def _privileges(*more: str) -> list[str]:
    """Root needs no user namespace, only what it takes to become somebody else; everybody else gets one and no capability.

    What locks others in needs `more` in any case, and SETPCAP to take them away again.
    """
    if os.getuid() != 0:
        return ["--unshare-user", "--cap-drop", "ALL", *_capabilities(*more, *(["SETPCAP"] if more else []))]
    return ["--cap-drop", "ALL", *_capabilities("SETUID", "SETGID", "SETPCAP", *more)]


def _capabilities(*names: str) -> list[str]:
    return [word for name in names for word in ("--cap-add", f"CAP_{name}")]


def _become(spec: Spec) -> list[str]:
    if os.getuid() != 0:
        return []
    user = str(spec.user)
    drop = ["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
    return ["setpriv", "--reuid", user, "--regid", user, *drop]


def _hold(content: bytes) -> int:
    """A file without a name."""
    descriptor = os.memfd_create("sandbox")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
