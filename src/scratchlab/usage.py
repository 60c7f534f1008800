"""What a run used and on what machine: the same facts for a notebook and for a script, none of them written by hand."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scratchlab import deprecations
from scratchlab.labs import labs_folder
from scratchlab.session import DISTRIBUTIONS


def facts(lab) -> dict:
    """The facts about this process and the running `lab` (or None), under the names that a result has for them.

    Memory in GB; `memory_gb` is the one that the contract limits: the GPU's where the lab runs on one, else this process's.
    """
    on_gpu = lab is not None and lab.device == "cuda"
    parts, host = hardware(on_gpu), peak_memory_gb()
    found = {"machine": parts.get("gpu", parts["cpu"]), "hardware": parts, "commit": commit(), "deprecations": deprecations.seen}
    found |= {"host_memory_gb": host, "memory_gb": host}
    if on_gpu:
        import torch

        peak = round(torch.cuda.max_memory_allocated() / 1e9, 3)
        found |= {"gpu_memory_gb": peak, "memory_gb": peak}
    if lab is not None:
        found |= {"seed": lab.seed, "parameters": lab.params, "versions": versions(lab.packages)}
    return found


def peak_memory_gb() -> float:
    """The most memory that this process has held so far."""
    import resource

    status = Path("/proc/self/status")
    if status.is_file():  # Linux; there getrusage also counts what the process held that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return round(int(lines["VmHWM"].split()[0]) * 1024 / 1e9, 3)
    unit = 1e9 if sys.platform == "darwin" else 1e6  # macOS counts in bytes
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 3)


def hardware(gpu: bool) -> dict[str, str | int]:
    """The processor and how many cores this process may use; with `gpu`, also its name, the driver and the CUDA version."""
    found: dict[str, str | int] = {"cpu": cpu(), "cores": cores()}
    if gpu:
        import torch

        driver = _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
        found |= {"gpu": torch.cuda.get_device_name(), "driver": driver, "cuda": torch.version.cuda or ""}
    return found


def cores() -> int:
    """How many processes may compute at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def commit() -> str:
    """The commit that is checked out where the labs are; empty outside of git."""
    return _said("git", "-C", str(labs_folder()), "rev-parse", "--short=12", "HEAD")


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of Python and of `packages` (import names)."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(DISTRIBUTIONS.get(name, name))
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def _said(*command: str) -> str:
    """First line that a program prints; empty if it is not here or fails."""
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return ""
    return lines[0].strip() if lines else ""
