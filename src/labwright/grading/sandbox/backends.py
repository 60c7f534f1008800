"""The ways to lock a kernel in, best first, and which of them works on this machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from labwright.grading.sandbox import bubblewrap, containers
from labwright.grading.sandbox.spec import Launch, Spec, for_command, hand_over
from scratchlab.errors import ScratchlabError, UnknownName


@dataclass(frozen=True)
class Backend:
    """`inherits`: a process inside can be given file descriptors, so that the run folder stays read-only."""

    name: str
    launch: Callable[[Spec], Launch]
    inherits: bool = False


BACKENDS = (
    Backend("bubblewrap", bubblewrap.launch, inherits=True),
    Backend("podman", partial(containers.launch, "podman")),
    Backend("docker", partial(containers.launch, "docker")),
)


def chosen(environment: Mapping[str, str] = os.environ) -> Backend:
    """The backend that LABWRIGHT_SANDBOX_BACKEND names (nothing is tried), else the first that works."""
    name = environment.get("LABWRIGHT_SANDBOX_BACKEND")
    if not name:
        return probe()
    found = {backend.name: backend for backend in BACKENDS}
    if name not in found:
        raise UnknownName("sandbox", name, list(found))
    return found[name]


@cache
def probe() -> Backend:
    """The first backend in which Python starts; tried once in a process.

    Errors: ScratchlabError with the reason of each and what to do, if there is none.
    """
    problems = []
    for backend in BACKENDS:
        problem = try_out(backend)
        if not problem:
            return backend
        problems.append(f"  {backend.name}: {problem}")
    raise ScratchlabError(
        "Learners' code is run only in a sandbox, and none works here:\n" + "\n".join(problems) + "\n" + "\n".join(_advice())
    )


def try_out(backend: Backend) -> str:
    """Start Python in it; empty if that works, else why not."""
    with tempfile.TemporaryDirectory(prefix="sandbox-probe-") as folder:
        try:
            spec = for_command(Path(folder), (sys.executable, "-c", "import ipykernel, scratchlab.judged.agent"))
            hand_over(spec.run, spec.user)
            launch = backend.launch(spec)
            try:
                done = subprocess.run(
                    launch.argv,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    env=launch.environment,
                    pass_fds=launch.descriptors,
                )
            finally:
                for descriptor in launch.descriptors:
                    os.close(descriptor)
        except (ScratchlabError, OSError, subprocess.SubprocessError) as error:
            return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]


SWITCHES = {  # of Linux distributions: the value that forbids user namespaces, and one that allows them
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
    "user.max_user_namespaces": ("0", "15000"),
}


def _advice() -> list[str]:
    """What a person can do about it, from what this machine says about itself."""
    advice = ["What to do:"]
    if not shutil.which("bwrap"):
        advice.append("  Install bubblewrap: sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora).")
    for name, (forbids, allows) in SWITCHES.items():
        path = Path("/proc/sys", *name.split("."))
        if path.is_file() and path.read_text().strip() == forbids:
            advice.append(f"  This machine forbids what bubblewrap needs; allow it: sudo sysctl -w {name}={allows}")
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        advice.append("  In a container: start it with --cap-add SYS_ADMIN --security-opt seccomp=unconfined, or grade outside of it.")
    return [*advice, "  Or install podman, or start docker's engine."]
