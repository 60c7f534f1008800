"""What cards and maps say about a lab or a week in a few words, from the curriculum, the contracts and the records."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from labwright import contract, curriculum, results, source
from labwright.curriculum import LabEntry, Phase, Track, Week
from labwright.paths import EXECUTED, LABS, RESULTS
from scratchlab.labs import known_labs
from scratchlab.profile import PROFILES

if TYPE_CHECKING:
    from labwright.prove.proof import Record

GPU = {"none": "no GPU", "helpful": "a GPU helps", "needed": "a GPU", "heavy": "a GPU for many hours"}
PROFILE_TITLES = {"cpu": "CPU, one core", "gpu": "GPU, T4 class", "h100": "GPU, H100 class"}
SHORT_TITLES = {"cpu": "CPU", "gpu": "T4", "h100": "H100"}


def lab_link(entry: LabEntry) -> str:
    """A lab's title, linked if it is written."""
    return f"{{doc}}`{entry.title} </{entry.document}>`" if entry.written else f"{entry.title} (planned)"


def week_link(track: Track, week: Week) -> str:
    """'Week 3' of a program, linked."""
    return f"{{ref}}`Week {week.number}: {week.title} <{track.slug}-week-{week.number:02}>`"


def hours(value: float) -> str:
    """'1 hour', '2.5 hours', '17 minutes'."""
    if value < 1:
        return f"{round(value * 60)} minutes"
    return f"{value:g} hour" + ("" if value == 1 else "s")


def labs_of(week: Week) -> list[str]:
    """The labs that a week uses: its own and those of other weeks."""
    return [lab.slug for lab in week.labs] + week.also


def home(slug: str) -> tuple[Track, Phase, Week]:
    """Where a lab is described."""
    return next((track, phase, week) for track, phase, week, lab in curriculum.load().labs() if lab.slug == slug)


def users(slug: str) -> list[tuple[Track, Week]]:
    """All weeks that use a lab."""
    return [(track, week) for track in curriculum.load().tracks for _, week in track.weeks() if slug in labs_of(week)]


def opens(slug: str) -> list[str]:
    """The labs that name this one among those to do first."""
    return [lab.slug for *_, lab in curriculum.load().labs() if lab.written and slug in contract.read(lab.slug).needs]


def beside(slug: str) -> tuple[LabEntry | None, LabEntry | None]:
    """The lab before this one in its program, and the lab after it."""
    labs = [lab for track, _, _, lab in curriculum.load().labs() if track.slug == home(slug)[0].slug]
    here = next(number for number, lab in enumerate(labs) if lab.slug == slug)
    return (labs[here - 1] if here else None), (labs[here + 1] if here + 1 < len(labs) else None)


def points(slug: str) -> float:
    """The points of a written lab, by checks and by hand."""
    return sum(worth for _, _, worth in source.graded(slug))


def effort(slug: str) -> str:
    """'100 minutes, 12 points'."""
    return f"{contract.read(slug).study_minutes} minutes, {points(slug):g} points"


def sizes(slug: str) -> list[str]:
    """The profiles in which a lab runs, the smallest first."""
    return [name for name in PROFILES if name in contract.read(slug).profiles]


def chip(slug: str, profile: str, before: str = "") -> str:
    """A word on whether a lab was seen to keep its contract in a profile."""
    last = results.last(slug, profile)
    state, word = ("deferred", "deferred") if last is None else ("broken", "failed") if results.problems(last) else ("kept", "verified")
    return f"[{before}{word}]{{.chip .{state}}}"


def chips(slug: str) -> str:
    """The same for all its profiles."""
    return " ".join(chip(slug, profile, f"{SHORT_TITLES[profile]} ") for profile in sizes(slug))


def stamp(slug: str, profile: str) -> str:
    """Where and when the lab was last run in a profile."""
    last = results.last(slug, profile)
    if last is None:
        return "not yet run on such a machine"
    if problems := results.problems(last):
        return f"on {last.machine}, {last.date}: {problems[0]}"
    older = "" if last.source == source.hash_of(slug) else ", before its latest change"
    return f"on {last.machine}, {last.date}{older}: {last.seconds:.0f} s, {last.memory_gb:.1f} GB"


def colab(slug: str) -> str:
    """Where the learner's copy of a lab opens in Colab."""
    at = source.repository()
    return (
        f"https://colab.research.google.com/github/{at.url.removeprefix('https://github.com/')}/blob/{at.branch}/labs/{slug}/{slug}.ipynb"
    )


def kaggle(slug: str) -> str:
    """Where it opens on Kaggle."""
    at = source.repository()
    return f"https://www.kaggle.com/kernels/welcome?src={at.url}/blob/{at.branch}/labs/{slug}/{slug}.ipynb"


def proof(slug: str) -> "Record | None":
    """What was tried on a lab's checks; None if that is not on record for the lab as it is now."""
    from labwright.prove.proof import recorded  # brings the whole gate along

    return recorded(slug)


def files_of(slug: str) -> list[Path]:
    """The files from which cards speak of a lab, as far as they are there."""
    records = [folder / profile / f"{slug}.json" for folder in (EXECUTED, RESULTS) for profile in PROFILES]
    return [path for path in (*(LABS / slug / name for name in ("lab.py", "lab.yml", "proof.json")), *records) if path.is_file()]


def relations() -> str:
    """Hash of what makes a lab's page change when other files do: which lab needs which, and which files there are."""
    needs = {slug: contract.read(slug).needs for slug in known_labs()}
    there = [str(path) for slug in needs for path in files_of(slug)]
    return hashlib.sha256(json.dumps([needs, there]).encode()).hexdigest()
