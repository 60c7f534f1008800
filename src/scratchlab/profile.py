"""The three profiles of a lab and how one is chosen; the device and number format that go with it."""

import os
import shutil
from dataclasses import dataclass

from scratchlab.errors import UnknownName

PROFILES = ("cpu", "gpu", "h100")


def choose_profile(asked: str | None = None) -> str:
    """The profile to run in: the argument, else the environment variable SCRATCHLAB_PROFILE, else what is detected."""
    name = asked or os.environ.get("SCRATCHLAB_PROFILE") or _detect()
    if name not in PROFILES:
        raise UnknownName("profile", name, list(PROFILES))
    return name


def _detect() -> str:
    if shutil.which("nvidia-smi") is None:  # saves importing torch on machines without a GPU
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    if not torch.cuda.is_available():
        return "cpu"
    capability, memory = torch.cuda.get_device_capability(), torch.cuda.get_device_properties(0).total_memory >> 20  # MiB
    if capability < (7, 5) or memory < 14_000:  # PyTorch's builds hold no code for it, or it is smaller than a T4
        return "cpu"
    return "h100" if capability >= (9, 0) and memory >= 70_000 else "gpu"


@dataclass(frozen=True)
class Device:
    """Where tensors live and the fastest safe number format there."""

    name: str  # "cpu" or "cuda"
    dtype: str  # "float32", "float16" or "bfloat16"
    title: str  # for people: "CPU" or the GPU's own name


def choose_device(profile: str) -> Device:
    """Device for `profile`. A T4 (compute capability 7.5) has no bfloat16 units, so it gets float16."""
    if profile == "cpu":
        return Device("cpu", "float32", "CPU")
    import torch

    if not torch.cuda.is_available():
        return Device("cpu", "float32", "CPU (no GPU was found)")
    fast = "bfloat16" if torch.cuda.get_device_capability() >= (8, 0) else "float16"
    return Device("cuda", fast, torch.cuda.get_device_name())


def seed_everything(seed: int, with_torch: bool) -> None:
    """Seed Python, NumPy and (if asked) torch, so that a lab gives the same numbers on every run."""
    import random

    import numpy

    random.seed(seed)
    numpy.random.seed(seed)
    if with_torch:
        import torch

        torch.manual_seed(seed)
