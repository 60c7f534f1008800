"""bubblewrap: namespaces and a file system made of binds, as an ordinary user or as root."""

import os
import shutil

from labwright.grading.sandbox import syscalls, view
from labwright.grading.sandbox.spec import Launch, Spec
from scratchlab.errors import ScratchlabError

NAMESPACES = ("pid", "net", "ipc", "uts", "cgroup-try")


def launch(spec: Spec) -> Launch:
    """How to start `spec`. ScratchlabError if bubblewrap is not installed."""
    program = shutil.which("bwrap")
    if program is None:
        raise ScratchlabError("bwrap was not found: install the package bubblewrap")
    passwd = _hold(f"learner:x:{spec.user}:{spec.user}::/tmp:/bin/sh\n".encode())
    group = _hold(f"learner:x:{spec.user}:\n".encode())
    calls = _hold(syscalls.program())
    argv = [program, "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    argv += [f"--unshare-{name}" for name in NAMESPACES]
    argv += _privileges()
    argv += ["--clearenv", *(word for pair in view.environment().items() for word in ("--setenv", *pair))]
    argv += ["--perms", "0755", "--dir", "/etc"]
    for file, place in ((passwd, "/etc/passwd"), (group, "/etc/group")):
        argv += ["--perms", "0444", "--ro-bind-data", str(file), place]
    argv += _folders(spec)
    argv += ["--chdir", "/work", "--seccomp", str(calls), "--"]
    argv += spec.limits.command(count_processes=True)
    return Launch([*argv, *_become(spec), *spec.command], (passwd, group, calls, *spec.inherit))


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


def _privileges() -> list[str]:
    """Root needs no user namespace, only what it takes to become somebody else; everybody else gets one and no capability."""
    if os.getuid() != 0:
        return ["--unshare-user", "--cap-drop", "ALL"]
    return ["--cap-drop", "ALL", *(word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}"))]


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
