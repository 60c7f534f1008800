"""The Markdown that directives of the book stand for: cards of weeks and labs, lists of resources, the status table."""

from labwright import contract, curriculum
from labwright.curriculum import LabEntry, Phase, Resource, Track, Week
from labwright.site import facts
from labwright.site.facts import GPU, PROFILE_TITLES, chip, hours, lab_link, stamp, week_link
from scratchlab.errors import UnknownName


def described(terms: dict[str, str]) -> list[str]:
    """The lines of a list of terms; those without a description are left out."""
    return ["::::{div} facts", *(line for term, text in terms.items() if text for line in (term, f": {text}", "")), "::::"]


def week_card(track: Track, phase: Phase, week: Week) -> str:
    """What a week is about and what it costs."""
    plan = week.hours
    span = f"{plan.min:g}" if plan.min == plan.max else f"{plan.min:g} to {plan.max:g}"
    labs = [curriculum.load().lab(slug) for slug in facts.labs_of(week)]
    written = [lab.slug for lab in labs if lab.written]
    minutes, points = sum(contract.read(slug).study_minutes for slug in written), sum(map(facts.points, written))
    terms = {
        "Time": f"**{span} hours**: {plan.theory:g} theory, {plan.labs:g} labs, {plan.community:g} community, {plan.notes:g} notes",
        "Level": week.difficulty.replace("-", " "),
        "Computer": f"**{GPU[week.gpu]}**. {week.compute}",
        "Labs": f"{len(written)} of {len(labs)} written" + (f": {minutes} minutes, {points:g} points" if written else ""),
    }
    lines = [
        f":::::{{card}} {track.title}, {{ref}}`phase {phase.number}: {phase.title} <{track.slug}-phase-{phase.number}>`",
        ":class-card: week-card",
        "",
        week.topic,
        "",
        *described(terms),
        "",
        "::::{div} labs",
        *map(_lab_line, labs),
        "::::",
        "",
        "**You will be able to**",
        "",
        *[f"- {objective}" for objective in week.objectives],
        ":::::",
    ]
    return "\n".join(lines)


def _lab_line(lab: LabEntry) -> str:
    """A lab in a list: what it takes, and where it was seen to work."""
    if not lab.written:
        return f"- [{lab.title}]{{.planned}} [planned]{{.chip .deferred}}"
    return f"- **{lab_link(lab)}** {facts.effort(lab.slug)} {facts.chips(lab.slug)}"


def planned(track: Track, week: Week) -> str:
    """What a week's page says until its chapter is written."""
    lines = [
        ":::{admonition} This chapter is planned",
        ":class: note",
        "",
        "Most of its text is not written yet. The week's resources are below, with what there is of the text, and its labs are:",
        "",
    ]
    lines += [f"- **{lab_link(entry)}**: {entry.summary}" for entry in week.labs]
    return "\n".join([*lines, ":::"])


def resources(items: list[Resource]) -> str:
    """A list of resources with their hours; moved links are named."""
    lines = []
    for item in items:
        time = "as reading" if item.hours is None else hours(item.hours)
        note = f" {item.note[0].upper()}{item.note[1:].rstrip('.')}." if item.note else ""
        moved = f" (The program's original link was <{item.moved_from}>.)" if item.moved_from else ""
        lines.append(f"- [{item.title}]({item.url}), {item.by} ({item.kind}, {time}).{note}{moved}")
    return "\n".join(lines)


def phase(track: Track, part: Phase) -> str:
    """A phase: its summary, its weeks as cards, and its part of the map."""
    lines = [part.summary, "", "::::::{grid} 1 1 2 2", ":gutter: 3", ""]
    for week in part.weeks:
        labs = [curriculum.load().lab(slug) for slug in facts.labs_of(week)]
        chapter = "" if week.status == "written" else " [planned]{.chip .deferred}"
        foot = f"{week.hours.total:g} hours · {GPU[week.gpu]} · {sum(lab.written for lab in labs)} of {len(labs)} labs written"
        title, label = f"Week {week.number}: {week.title}", f"{track.slug}-week-{week.number:02}"
        lines += _tile(title, label, f"{week.topic}{chapter}", foot, week.status)
    return "\n".join(
        [*lines, "::::::", "", "**What needs what.** Choose a lab to open it.", "", f"```{{map}} {track.slug} {part.number}", "```"]
    )


def track(program: Track, part: str) -> str:
    """One part of a program's page: its summary, phases, milestones, outcomes, strategies or resources."""
    if part == "summary":
        return _summary(program)
    if part == "resources":
        return resources(program.resources)
    if part == "phases":
        return _phases(program)
    parts = {
        "milestones": [f"**Week {each.week}**: {each.text}" for each in program.milestones],
        "outcomes": program.outcomes,
        "strategies": program.strategies,
    }
    if part not in parts:
        raise UnknownName("part of a program's page", part, ["summary", "resources", "phases", *parts])
    return "\n".join(f"- {line}" for line in parts[part])


def _phases(program: Track) -> str:
    """The phases as cards."""
    lines = ["::::::{grid} 1 1 2 2", ":gutter: 3", ""]
    for part in program.phases:
        labs = [lab for week in part.weeks for lab in week.labs]
        written = sum(week.status == "written" for week in part.weeks)
        foot = (
            f"Weeks {part.weeks[0].number} to {part.weeks[-1].number} · {sum(week.hours.total for week in part.weeks):g} hours · "
            f"{written} of {len(part.weeks)} chapters and {sum(lab.written for lab in labs)} of {len(labs)} labs written"
        )
        title = f"Phase {part.number}: {part.title}"
        lines += _tile(title, f"{program.slug}-phase-{part.number}", part.summary, foot, "written" if written else "planned")
    return "\n".join([*lines, "::::::", "", "{doc}`The map </book/map>` shows which lab needs which."])


def _tile(title: str, label: str, text: str, foot: str, kind: str) -> list[str]:
    """A card of a grid that leads to the page with this label."""
    head = [f":::::{{grid-item-card}} {title}", f":link: {label}", ":link-type: ref", f":class-card: tile {kind}", "", text]
    return [*head, "::::{card-footer}", foot, "::::", ":::::", ""]


def _summary(program: Track) -> str:
    weeks = [week for _, week in program.weeks()]
    return (
        f"{program.summary}\n\n**For whom**: {program.audience}\n\n"
        f"**Time**: {len(weeks)} weeks of {program.hours_per_week.min:g} to {program.hours_per_week.max:g} hours; "
        f"as planned here they add up to {sum(week.hours.total for week in weeks):g} hours."
    )


def status(program: Track) -> str:
    """How much of a program is written, counted from the book's files."""
    lines = ["| Phase | Chapters written | planned | Labs written | planned | Points |", "| --- | --- | --- | --- | --- | --- |"]
    phases = curriculum.status()[program.slug]
    rows = [
        (each["chapters"]["written"], each["chapters"]["planned"], each["labs"]["written"], each["labs"]["planned"], each["points"])
        for each in phases
    ]
    lines += [f"| {each['phase']}: {each['title']} | " + " | ".join(map(str, row)) + " |" for each, row in zip(phases, rows, strict=True)]
    return "\n".join([*lines, "| **Total** | " + " | ".join(f"**{sum(column)}**" for column in zip(*rows, strict=True)) + " |"])


def lab_card(slug: str) -> str:
    """What a lab needs and gives, on which machines it was verified, and how its checks were proven."""
    promised, entry = contract.read(slug), curriculum.load().lab(slug)
    terms = {
        "Takes": f"**{promised.study_minutes} minutes** of study",
        "Gives": f"**{facts.points(slug):g} points**",
        "First": _links(promised.needs) or "needs no other lab",
        "Opens": _links(facts.opens(slug)),
        "Used in": " · ".join(f"{track.title}, {week_link(track, week)}" for track, week in facts.users(slug)),
        "Checks": _proof(slug),
    }
    lines = [":::::{card}", ":class-card: lab-card", "", entry.summary, "", *described(terms), ""]
    lines += ["::::{div} labs"]
    for name in facts.sizes(slug):
        profile = promised.profiles[name]
        minutes = "under a minute" if profile.minutes < 1 else f"about {profile.minutes:g} minutes"
        lines.append(f"- **{PROFILE_TITLES[name]}**: {minutes}, {profile.memory_gb:g} GB {chip(slug, name)} {stamp(slug, name)}")
    lines += ["::::"]
    words = zip(("Lab before", "Lab after"), facts.beside(slug), strict=True)
    around = [f"{word}: {lab_link(lab)}" for word, lab in words if lab]
    return "\n".join([*lines, "", " · ".join([*around, "{doc}`Map of all labs </book/map>`"]), ":::::"])


def _links(slugs: list[str]) -> str:
    return ", ".join(lab_link(curriculum.load().lab(slug)) for slug in slugs)


def _proof(slug: str) -> str:
    """What was tried on the lab's checks, if that is on record for the lab as it is now."""
    record = facts.proof(slug)
    if record is None:
        return ""
    return (
        f"proven on {record.date}: {record.right} right answers pass, {record.wrong} wrong ones fail as they must, "
        f"{record.killed} of {record.mutants} small changes to the solution are caught"
    )
