"""Find a lab's folder and read its contract (lab.yml)."""

import os
from dataclasses import dataclass
from pathlib import Path

from scratchlab.errors import ScratchlabError, UnknownName


def labs_folder() -> Path:
    """The folder that holds one folder per lab.

    In order: the environment variable SCRATCHLAB_LABS, the checkout this package is installed from (editable), the copy
    inside the installed wheel.
    """
    if os.environ.get("SCRATCHLAB_LABS"):
        return Path(os.environ["SCRATCHLAB_LABS"])
    here = Path(__file__).resolve().parent
    checkout = here.parents[1] / "labs"
    return checkout if checkout.is_dir() else here / "labs"


def known_labs() -> list[str]:
    """Slugs of all labs that exist, sorted."""
    return sorted(path.parent.name for path in labs_folder().glob("*/lab.yml"))


def lab_folder(slug: str) -> Path:
    """The folder of the lab `slug`; UnknownName with near matches if there is none."""
    folder = labs_folder() / slug
    if not (folder / "lab.yml").is_file():
        raise UnknownName("lab", slug, known_labs())
    return folder


@dataclass(frozen=True)
class Settings:
    """What a running lab needs from its lab.yml (labwright validates the whole file)."""

    slug: str
    packages: tuple[str, ...]
    data: tuple[str, ...]
    seed: int
    profiles: dict


def read_settings(slug: str) -> Settings:
    """Read lab.yml of the lab `slug`."""
    import yaml

    path = lab_folder(slug) / "lab.yml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Settings(slug, tuple(raw.get("packages", ())), tuple(raw.get("data", ())), raw.get("seed", 0), raw["profiles"])
    except (yaml.YAMLError, KeyError, AttributeError, TypeError) as error:
        raise ScratchlabError(f"{path} cannot be read ({error}). `labwright verify {slug}` says what is wrong with it.") from error
