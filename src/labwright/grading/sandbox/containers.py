"""podman and docker, where user namespaces are not to be had: the same view of the host over an empty image that we make."""

import io
import os
import secrets
import shutil
import subprocess
import tarfile
from pathlib import Path

from labwright.grading.sandbox import view
from labwright.grading.sandbox.spec import Launch, Spec
from scratchlab.errors import ScratchlabError

IMAGE = "scratchlab-sandbox:1"


def launch(engine: str, spec: Spec) -> Launch:
    """How to start `spec` with the program `engine`. ScratchlabError if it is not there or does not answer."""
    program = shutil.which(engine)
    if program is None:
        raise ScratchlabError(f"{engine} was not found")
    _make_image(program)
    name = f"scratchlab-{secrets.token_hex(8)}"
    return Launch(command(program, name, spec), environment=dict(os.environ), remove=(program, "rm", "--force", name))


def command(program: str, name: str, spec: Spec) -> list[str]:
    """The command line of a container called `name`."""
    limits = spec.limits
    argv = [program, "run", "--rm", "--name", name, "--pull", "never", "--network", "none", "--hostname", "sandbox", "--read-only"]
    argv += ["--cap-drop", "all", "--security-opt", "no-new-privileges", "--user", f"{spec.user}:{spec.user}", "--workdir", "/work"]
    argv += ["--pids-limit", str(limits.processes), "--memory", f"{limits.memory_mb}m", "--memory-swap", f"{limits.memory_mb}m"]
    argv += ["--shm-size", f"{limits.folder_mb}m"]
    is_podman = Path(program).name == "podman"
    if is_podman:
        argv += ["--read-only-tmpfs=false", *(["--userns", "keep-id"] if os.getuid() else [])]
    argv += _mounts(spec, ",notmpcopyup" if is_podman else "")
    argv += [word for pair in view.environment().items() for word in ("--env", "=".join(pair))]
    # The limit on time is inside too: a container outlives the death of the command that started it.
    return [*argv, IMAGE, "timeout", "--kill-after=2", str(limits.wall_seconds), *limits.command(count_processes=False), *spec.command]


def _mounts(spec: Spec, option: str) -> list[str]:
    argv = []
    for place in ("/tmp", "/work"):
        argv += ["--tmpfs", f"{place}:exec,mode=1777,size={spec.limits.folder_mb}m{option}"]
    # Python may live below the home folder. Only the container's root could write to an empty folder.
    for empty in {Path.home(), *(mount.inside for mount in spec.mounts if mount.host is None)}:
        argv += ["--tmpfs", f"{empty}:mode=755,size=64k{option}"]
    for mount in spec.mounts:
        if mount.host:
            argv += ["--mount", f"type=bind,source={mount.host},target={mount.inside},readonly"]
    return [*argv, "--mount", f"type=bind,source={spec.run},target={spec.run}"]


def _make_image(program: str) -> None:
    """An image of nothing but folders and links: all else is mounted. Nothing is downloaded."""
    if subprocess.run([program, "image", "inspect", IMAGE], capture_output=True, timeout=60).returncode == 0:
        return
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for link, target in view.links().items():
            entry = tarfile.TarInfo(link.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
        for folder, mode in {"tmp": 0o1777, "work": 0o1777, "usr": 0o755, "etc": 0o755}.items():  # what is mounted there keeps the mode
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            archive.addfile(entry)
    made = subprocess.run([program, "import", "-", IMAGE], input=packed.getvalue(), capture_output=True, timeout=60)
    if made.returncode != 0:
        raise ScratchlabError(made.stderr.decode(errors="replace").strip().splitlines()[-1])
