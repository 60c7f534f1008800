"""What a reader's own scripts need: the box beside a card that ticks it off, and the book as one script of data.

The data are a script, since a page that was opened from a folder may not fetch a file. Keys are slugs: what a reader ticked off
outlives a new build of the book.
"""

import html
import json
import re

from labwright import contract, curriculum, results, source
from labwright.curriculum import LabEntry, Phase, Track, Week
from labwright.paths import BUILD, write_atomically
from scratchlab.errors import ScratchlabError

STATIC = BUILD / "static" / "reader"
DATA = "reader-data.js"
COMMON = ("reader-tools.js", "progress-format.js", "progress-store.js")
SCHEDULE = (DATA, "planner-schedule.js")
SCRIPTS = {
    "book/progress": (*COMMON, *SCHEDULE, "receipt-kinds.js", "receipts.js", "record.js", "progress-page.js", "progress-files.js"),
    "book/planner": (*COMMON, *SCHEDULE, "planner-ics.js", "planner-page.js"),
}
TICKED = re.compile(r"book/\w+/phase-\d+/week-\d+|labs/([^/]+)/\1")


def setup(app) -> None:
    """Register the events."""
    app.connect("config-inited", write_data)
    app.connect("env-get-outdated", lambda app, env, *changes: SCRIPTS.keys() & env.found_docs)  # made from what is no document
    app.connect("html-page-context", add_scripts, priority=400)  # before the theme, and others, take the list of scripts


def add_scripts(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give each page the scripts that it uses, and no other."""
    names = SCRIPTS.get(pagename) or ((*COMMON, "progress-box.js") if TICKED.fullmatch(pagename) else ())
    for name in names:
        app.add_js_file(name, loading_method="defer")
    if names:
        app.add_css_file("reader.css")


def box(key: str, what: str) -> str:
    """Markdown of the place where the script puts the box that ticks off `what` ('week' or 'lab'); nothing is seen without it."""
    return f'\n\n```{{raw}} html\n<div class="progress-box" data-key="{html.escape(key)}" data-what="{what}" hidden></div>\n```'


def week_key(track: str, number: int) -> str:
    """The slug of a week: also the name by which pages refer to it."""
    return f"{track}-week-{number:02}"


def write_data(app, config) -> None:
    """Write the script of data to where Sphinx takes static files from."""
    text = json.dumps(data(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    write_atomically(STATIC / DATA, f"window.bookData={text};\n")
    config.html_static_path.append(str(STATIC))


def data() -> dict:
    """Programs, labs, and the days that applications for credits take."""
    book = curriculum.load()
    return {
        "credits": credit_days(book.track("foundations")),
        "labs": {lab.slug: _lab(lab) for *_, lab in book.labs()},
        "programs": [_program(track) for track in book.tracks],
    }


def credit_days(track: Track) -> list[int]:
    """The least and the most days that the program reckons with until credits are approved."""
    for milestone in track.milestones:
        if found := re.search(r"approval can take (\d+) to (\d+) days", milestone.text):
            return [int(days) for days in found.groups()]
    raise ScratchlabError(
        f"{curriculum.PATH}: no milestone of {track.slug} says that 'approval can take N to M days'; the planner needs it."
    )


def _program(track: Track) -> dict:
    return {
        "slug": track.slug,
        "title": track.title,
        "pace": [track.hours_per_week.min, track.hours_per_week.max],
        "milestones": [
            {"key": f"{track.slug}-milestone-{each.week:02}", "week": each.week, "text": each.text} for each in track.milestones
        ],
        "phases": [
            {"number": phase.number, "title": phase.title, "weeks": [_week(track, phase, week) for week in phase.weeks]}
            for phase in track.phases
        ],
    }


def _week(track: Track, phase: Phase, week: Week) -> dict:
    hours = week.hours
    return {
        "key": week_key(track.slug, week.number),
        "number": week.number,
        "title": week.title,
        "page": f"{track.document(phase, week)}.html",
        "hours": hours.total,
        "parts": {"theory": hours.theory, "labs": hours.labs, "community": hours.community, "notes": hours.notes},
        "gpu": week.gpu,
        "compute": week.compute,
        "labs": [*(lab.slug for lab in week.labs), *week.also],
    }


def _lab(entry: LabEntry) -> dict:
    if not entry.written:
        return {"title": entry.title}
    promised = contract.read(entry.slug)
    return {
        "title": entry.title,
        "page": f"{entry.document}.html",
        "study": promised.study_minutes,
        "questions": [[kind, name, points] for kind, name, points in source.graded(entry.slug)],
        "runs": {profile: _run(entry.slug, profile, promised.profiles[profile].minutes) for profile in promised.profiles},
    }


def _run(slug: str, profile: str, minutes: float) -> dict:
    """What the last run that kept its contract took, else what the contract expects."""
    last = results.last(slug, profile)
    if last is None or results.problems(last):
        return {"minutes": minutes}
    return {"minutes": last.seconds / 60, "machine": last.machine, "date": last.date}
