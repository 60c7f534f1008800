"""book/curriculum.yml: both programs, their weeks and resources, and the 125 labs. The table of contents comes from it."""

from collections.abc import Iterator
from functools import cache
from typing import Literal

import yaml
from pydantic import Field, model_validator

from labwright import source, yamlfile
from labwright.contract import Strict
from labwright.paths import BOOK, ROOT, write_atomically
from scratchlab.errors import ScratchlabError, UnknownName
from scratchlab.labs import known_labs

PATH = BOOK / "curriculum.yml"
TOC = ROOT / "_toc.yml"
PLANNED = "```{planned}"  # stands on the page of a week whose chapter is not written
GUIDES = (
    *("start", "study", "maths", "notation", "free-compute", "journal", "without-internet"),
    *("grading-at-home", "grading", "grading-cluster", "sandbox", "writing-labs"),
)


class Resource(Strict):
    """Something to read or watch elsewhere."""

    title: str
    by: str
    url: str = Field(pattern=r"^https://\S+$")
    hours: float | None
    kind: Literal["video", "course", "book", "article", "paper", "docs", "repository", "tool", "exercise"]
    note: str = ""
    moved_from: str = ""


class LabEntry(Strict):
    """A lab under its home week."""

    slug: str
    covers: list[str]
    title: str = Field(max_length=60)
    summary: str

    @property
    def written(self) -> bool:
        """Whether the lab exists."""
        return self.slug in known_labs()

    @property
    def document(self) -> str:
        """Sphinx's name of the lab's page."""
        return f"labs/{self.slug}/{self.slug}"


class Hours(Strict):
    """What the program states (min to max) and how this book splits it."""

    min: float
    max: float
    theory: float
    labs: float
    community: float
    notes: float

    @property
    def total(self) -> float:
        """Hours planned."""
        return self.theory + self.labs + self.community + self.notes

    @model_validator(mode="after")
    def _adds_up(self):
        if not self.min <= self.total <= self.max:
            raise ValueError(f"theory, labs, community and notes add up to {self.total:g}, outside {self.min:g} to {self.max:g}")
        return self


class Week(Strict):
    """One week: one chapter."""

    number: int
    title: str
    topic: str
    difficulty: Literal["introductory", "intermediate", "intermediate-to-advanced", "advanced"]
    status: Literal["planned", "written"]
    hours: Hours
    compute: str
    gpu: Literal["none", "helpful", "needed", "heavy"]
    objectives: list[str] = Field(min_length=2)
    skills: list[str]
    resources: list[Resource]
    labs: list[LabEntry]
    also: list[str] = Field(default_factory=list)


class Phase(Strict):
    """A group of weeks."""

    number: int
    title: str
    summary: str
    weeks: list[Week]


class Range(Strict):
    """Least and most."""

    min: float
    max: float


class Milestone(Strict):
    """What should be reached by the end of a week."""

    week: int
    text: str


class Track(Strict):
    """One program."""

    slug: Literal["foundations", "advanced"]
    letter: Literal["F", "A"]
    title: str
    summary: str
    audience: str
    hours: Range
    hours_per_week: Range
    outcomes: list[str]
    strategies: list[str]
    milestones: list[Milestone]
    resources: list[Resource]
    phases: list[Phase]

    def weeks(self) -> Iterator[tuple[Phase, Week]]:
        """All weeks in order, each with its phase."""
        for phase in self.phases:
            for week in phase.weeks:
                yield phase, week

    def document(self, phase: Phase, week: Week | None = None) -> str:
        """Sphinx's name of a week's page, or of the phase's first page."""
        return f"book/{self.slug}/phase-{phase.number}/" + (f"week-{week.number:02}" if week else "index")


class Curriculum(Strict):
    """The whole file."""

    tracks: list[Track]

    @model_validator(mode="after")
    def _is_consistent(self):
        slugs = [lab.slug for _, _, _, lab in self.labs()]
        doubled = {slug for slug in slugs if slugs.count(slug) > 1}
        if doubled:
            raise ValueError(f"labs listed twice: {', '.join(sorted(doubled))}")
        for track in self.tracks:
            numbers = [week.number for _, week in track.weeks()]
            if numbers != list(range(1, len(numbers) + 1)):
                raise ValueError(f"{track.slug}: weeks must be numbered 1, 2, 3, ...; found {numbers}")
            for _, week in track.weeks():
                if unknown := set(week.also) - set(slugs):
                    raise ValueError(f"{track.slug} week {week.number}: also names unknown labs: {', '.join(sorted(unknown))}")
            hours = sum(week.hours.total for _, week in track.weeks())
            if not track.hours.min <= hours <= track.hours.max:
                raise ValueError(f"{track.slug}: the weeks add up to {hours:g} hours, outside the program's range")
        return self

    def labs(self) -> Iterator[tuple[Track, Phase, Week, LabEntry]]:
        """All labs with the place that they are at home in."""
        for track in self.tracks:
            for phase, week in track.weeks():
                for lab in week.labs:
                    yield track, phase, week, lab

    def track(self, slug: str) -> Track:
        """The program `slug`."""
        found = {track.slug: track for track in self.tracks}
        if slug not in found:
            raise UnknownName("program", slug, list(found))
        return found[slug]

    def week(self, track: str, number: int) -> tuple[Phase, Week]:
        """A week and its phase."""
        found = {week.number: (phase, week) for phase, week in self.track(track).weeks()}
        if number not in found:
            raise UnknownName(f"week in {track}", str(number), [str(each) for each in found])
        return found[number]

    def lab(self, slug: str) -> LabEntry:
        """The entry of a lab."""
        found = {lab.slug: lab for _, _, _, lab in self.labs()}
        if slug not in found:
            raise UnknownName("lab in the curriculum", slug, list(found))
        return found[slug]


@cache
def load() -> Curriculum:
    """The curriculum, validated."""
    return yamlfile.read(PATH, Curriculum)


def toc() -> str:
    """The text of _toc.yml."""
    parts = [
        {
            "caption": "Start here",
            "chapters": [{"file": f"book/guides/{name}"} for name in GUIDES]
            + [{"file": f"book/{name}"} for name in ("map", "planner", "progress", "status", "results")],
        }
    ]
    for track in load().tracks:
        chapters: list[dict] = [{"file": f"book/{track.slug}/index"}]
        for phase in track.phases:
            weeks = [_week_entry(track, phase, week) for week in phase.weeks]
            chapters.append({"file": track.document(phase), "sections": weeks})
        parts.append({"caption": track.title, "chapters": chapters})
    parts.append({"caption": "Reference", "chapters": [{"file": "book/references"}, {"file": "book/changelog"}]})
    text = yaml.safe_dump({"format": "jb-book", "root": "book/index", "parts": parts}, sort_keys=False, allow_unicode=True)
    return "# Generated from book/curriculum.yml by `labwright toc`; do not edit.\n" + text


def _week_entry(track: Track, phase: Phase, week: Week) -> dict:
    entry: dict = {"file": track.document(phase, week)}
    if labs := [{"file": lab.document} for lab in week.labs if lab.written]:
        entry["sections"] = labs
    return entry


def pages() -> dict[str, str]:
    """The text that each generated page starts from: phases, and weeks whose chapter is not written yet."""
    made = {}
    for track in load().tracks:
        for phase in track.phases:
            made[track.document(phase)] = (
                f"({track.slug}-phase-{phase.number})=\n# Phase {phase.number}: {phase.title}\n\n"
                f"```{{phase}} {track.slug} {phase.number}\n```\n"
            )
            for week in phase.weeks:
                if week.status == "planned":
                    made[track.document(phase, week)] = (
                        f"({track.slug}-week-{week.number:02})=\n# Week {week.number}: {week.title}\n\n"
                        f"```{{week-card}} {track.slug} {week.number}\n```\n\n{PLANNED} {track.slug} {week.number}\n```\n\n"
                        f"{_sections(track, phase, week)}## Resources\n\n```{{resources}} {track.slug} {week.number}\n```\n"
                    )
    return made


def _sections(track: Track, phase: Phase, week: Week) -> str:
    """What is written already of a planned week's chapter: a section for each of its labs that has one, in sections/SLUG.md."""
    folder = (ROOT / track.document(phase, week)).parent / "sections"
    return "".join(f"```{{include}} sections/{lab.slug}.md\n```\n\n" for lab in week.labs if (folder / f"{lab.slug}.md").is_file())


def stale() -> list[str]:
    """Generated files that differ from what the curriculum says now."""
    wanted = {TOC: toc()} | {ROOT / f"{name}.md": text for name, text in pages().items()}
    return [str(path.relative_to(ROOT)) for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write() -> list[str]:
    """Write the table of contents and the generated pages; returns what was new.

    Errors: ScratchlabError, before anything is written, if a chapter would be replaced by the page that stands in for it.
    """
    wanted = pages()
    for name, text in wanted.items():
        path = ROOT / f"{name}.md"
        if PLANNED in text and path.is_file() and PLANNED not in path.read_text(encoding="utf-8"):
            raise ScratchlabError(f"{name}.md holds a chapter, but its week is called planned: set its status to written in {PATH}.")
    changed = [name for name, text in wanted.items() if write_atomically(ROOT / f"{name}.md", text)]
    return changed + (["_toc.yml"] if write_atomically(TOC, toc()) else [])


def status() -> dict:
    """Counts of chapters and labs, written and planned, by program and phase, with the points of the written labs."""
    report: dict = {}
    for track in load().tracks:
        phases = []
        for phase in track.phases:
            labs = [lab for week in phase.weeks for lab in week.labs]
            written = [lab.slug for lab in labs if lab.written]
            phases.append(
                {
                    "phase": phase.number,
                    "title": phase.title,
                    "chapters": {
                        "written": sum(week.status == "written" for week in phase.weeks),
                        "planned": sum(week.status == "planned" for week in phase.weeks),
                    },
                    "labs": {"written": len(written), "planned": len(labs) - len(written)},
                    "points": sum(points for slug in written for _, _, points in source.graded(slug)),
                }
            )
        report[track.slug] = phases
    return report
