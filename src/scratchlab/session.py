"""`start` opens a lab: it prints where it runs and hands out check, record and claim."""

import importlib.util
import os
import subprocess
import sys

from scratchlab import deprecations, labs, outputs, script
from scratchlab.errors import ScratchlabError
from scratchlab.profile import PROFILES, choose_device, choose_profile, seed_everything

# Import name -> name on PyPI, where they differ.
DISTRIBUTIONS = {"mlflow": "mlflow-skinny", "sklearn": "scikit-learn", "skimage": "scikit-image", "PIL": "pillow", "yaml": "pyyaml"}


class Lab:
    """A running lab: its profile's parameters as attributes of `params`, and the three things a lab reports.

    Attributes: slug, profile ("cpu", "gpu", "h100"), device ("cpu", "cuda"), dtype ("float32", ...), params (dict),
    seed (of this run), packages; and what was reported so far: metrics (dict), claims, checks (lists).
    """

    def __init__(self, settings: labs.Settings, profile: str, seed: int | None = None):
        self.slug, self.profile, self.packages = settings.slug, profile, settings.packages
        self.seed = settings.seed if seed is None else seed
        chosen = settings.profiles.get(profile)
        if chosen is None:
            raise ScratchlabError(
                f"The lab {self.slug} has no {profile} profile; it has {', '.join(settings.profiles)}. Set PROFILE to one of these."
            )
        self.params: dict = chosen.get("parameters", {})
        self.minutes: float = chosen["minutes"]
        self.metrics: dict[str, float] = {}
        self.claims: list[str] = []
        self.checks: list[dict] = []
        self._bands: dict = chosen.get("metrics", {})
        where = choose_device(profile) if "torch" in settings.packages else None
        self.device, self.dtype = (where.name, where.dtype) if where else ("cpu", "float64")
        self._where = f"{where.title}, {where.dtype}" if where else "CPU, NumPy"

    def check(self, task: str, *, points: float | None = None, hint: int = 0):
        """Check the answer to `task` and return a report; `hint=1`, `2` or `3` adds that many hints."""
        if os.environ.get("SCRATCHLAB_JUDGED"):  # a grader runs this notebook; it answers the checks itself, from outside
            return None
        from scratchlab.checking import check

        report = check(self.slug, task, points=points, hint=hint)
        self.checks.append({"task": report.task, "score": report.score, "points": report.points})
        return outputs.show_in_terminal(report)

    def record(self, name: str, value: float) -> None:
        """Report the metric `name`: shown here, compared with the lab's band, quoted by the book."""
        value = float(value)
        self.metrics[name] = value
        outputs.show_record(name, value, self._bands.get(name))

    def claim(self, statement: str, holds: bool) -> None:
        """Assert what the lab says: prints the statement if it holds, raises AssertionError if it does not."""
        self.claims.append(statement)
        outputs.show_claim(statement, bool(holds))

    def seeds(self, count: int) -> range:
        """`count` seeds to average over; runs with different seeds get sets that share none (with seed 0: 0, 1, 2, ...)."""
        return range(self.seed * count, (self.seed + 1) * count)

    def data(self, name: str):
        """Path of the data set `name` (see `scratchlab data list`), fetched on first use."""
        from scratchlab import data

        return data.get(name)

    def __repr__(self) -> str:
        minutes = "under a minute" if self.minutes < 1 else f"about {self.minutes:.0f} min"
        return f"Lab {self.slug} · profile {self.profile} · {self._where} · {minutes} of computing"


running: Lab | None = None  # the lab that was opened last in this process


def start(slug: str, profile: str | None = None) -> Lab:
    """Open the lab `slug`: choose the profile, make sure its packages are here, seed everything, say where it runs.

    Run as a program, its command line goes before the argument (see `scratchlab.script`).
    """
    global running
    settings, asked = labs.read_settings(slug), script.options(slug)
    if os.environ.get("SCRATCHLAB_RUN") or asked.record:
        deprecations.watch()
    require(settings.packages)
    with_torch = "torch" in settings.packages
    profile = asked.profile or profile
    chosen = choose_profile(profile)
    if not (profile or os.environ.get("SCRATCHLAB_PROFILE")):  # detected, not asked for: take the largest that the lab has
        while chosen not in settings.profiles:
            chosen = PROFILES[PROFILES.index(chosen) - 1]
    running = lab = Lab(settings, chosen, asked.seed)
    if with_torch and lab.profile == "cpu":
        import torch

        torch.set_num_threads(1)  # one core a lab: the same sums in the same order on every machine
    seed_everything(lab.seed, with_torch)
    if asked.record:
        script.keep_record(lab, asked.record)
    print(lab)
    return lab


def hosted() -> bool:
    """Whether this is Colab or Kaggle, where installing into the running environment is what people expect."""
    return "COLAB_RELEASE_TAG" in os.environ or "KAGGLE_KERNEL_RUN_TYPE" in os.environ


def require(packages: tuple[str, ...]) -> None:
    """Make sure that `packages` (import names) are here: install what is missing on Colab and Kaggle, else say how."""
    missing = [DISTRIBUTIONS.get(name, name) for name in packages if importlib.util.find_spec(name) is None]
    if not missing:
        return
    if not hosted():
        raise ScratchlabError(f"This lab needs {', '.join(missing)}. Install with: {sys.executable} -m pip install {' '.join(missing)}")
    print(f"Installing {', '.join(missing)} ...")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)
