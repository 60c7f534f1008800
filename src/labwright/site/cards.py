"""The Markdown that directives of the book stand for: cards of weeks and labs, lists of resources, the status table."""

from labwright import contract, curriculum, results, source
from labwright.curriculum import LabEntry, Phase, Resource, Track, Week
from scratchlab.errors import UnknownName
from scratchlab.profile import PROFILES

GPU = {"none": "no GPU", "helpful": "a GPU helps", "needed": "a GPU", "heavy": "a GPU for many hours"}
PROFILE_TITLES = {"cpu": "CPU, one core", "gpu": "GPU, T4 class", "h100": "GPU, H100 class"}


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


def week_card(track: Track, phase: Phase, week: Week) -> str:
    """What a week is about and what it costs."""
    planned = week.hours
    span = f"{planned.min:g}" if planned.min == planned.max else f"{planned.min:g} to {planned.max:g}"
    labs = [lab_link(entry) for entry in week.labs]
    also = [lab_link(curriculum.load().lab(slug)) for slug in week.also]
    lines = [
        f":::{{card}} {track.title}, phase {phase.number}: {phase.title}",
        ":class-card: week-card",
        "",
        week.topic,
        "",
        f"**Difficulty** {week.difficulty.replace('-', ' ')} · **Time** {span} hours: {planned.theory:g} theory, {planned.labs:g} labs, "
        f"{planned.community:g} community, {planned.notes:g} notes · **Compute** {GPU[week.gpu]}. {week.compute}",
        "",
        "**You will be able to**",
        "",
        *[f"- {objective}" for objective in week.objectives],
        "",
        "**Labs** " + " · ".join(labs + also),
        ":::",
    ]
    return "\n".join(lines)


def planned(track: Track, week: Week) -> str:
    """What a week's page says until its chapter is written."""
    lines = [
        ":::{admonition} This chapter is planned",
        ":class: note",
        "",
        "Its text is not written yet. The week's resources are below, and its labs:",
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
    """A phase: its summary and its weeks."""
    lines = [part.summary, "", "| Week | Hours | Labs | Chapter |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {week_link(track, week)} | {week.hours.total:g} | {sum(lab.written for lab in week.labs)} of {len(week.labs)} | {week.status} |"
        for week in part.weeks
    ]
    return "\n".join(lines)


def track(program: Track, part: str) -> str:
    """One part of a program's page: its summary, phases, milestones, outcomes, strategies or resources."""
    if part == "summary":
        return _summary(program)
    if part == "resources":
        return resources(program.resources)
    parts = {
        "phases": [
            f"{{ref}}`Phase {each.number}: {each.title} <{program.slug}-phase-{each.number}>`. {each.summary}" for each in program.phases
        ],
        "milestones": [f"**Week {each.week}**: {each.text}" for each in program.milestones],
        "outcomes": program.outcomes,
        "strategies": program.strategies,
    }
    if part not in parts:
        raise UnknownName("part of a program's page", part, ["summary", "resources", *parts])
    return "\n".join(f"- {line}" for line in parts[part])


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
    """What a lab needs and gives, and on which machines it was verified."""
    promised, entry = contract.read(slug), curriculum.load().lab(slug)
    points = sum(points for _, _, points in source.graded(slug))
    needs = [lab_link(curriculum.load().lab(need)) for need in promised.needs]
    lines = [
        ":::{card}",
        ":class-card: lab-card",
        "",
        entry.summary,
        "",
        f"**Study time** {promised.study_minutes} minutes · **Points** {points:g}" + (f" · **First** {', '.join(needs)}" if needs else ""),
        "",
        "| Profile | Computing time | Memory | Verified |",
        "| --- | --- | --- | --- |",
    ]
    for name in PROFILES:
        if name in promised.profiles:
            profile = promised.profiles[name]
            minutes = "under a minute" if profile.minutes < 1 else f"about {profile.minutes:g} minutes"
            lines.append(f"| {PROFILE_TITLES[name]} | {minutes} | {profile.memory_gb:g} GB | {stamp(slug, name)} |")
    return "\n".join([*lines, ":::"])


def stamp(slug: str, profile: str) -> str:
    """Where and when the lab last kept its contract in a profile; 'deferred' if that was never seen."""
    last = results.last(slug, profile)
    if last is None:
        return "deferred: not yet run on such a machine"
    if problems := results.problems(last):
        return f"failed on {last.machine}, {last.date}: {problems[0]}"
    older = "" if last.source == source.hash_of(slug) else ", before its latest change"
    return f"on {last.machine}, {last.date}{older}: {last.seconds:.0f} s, {last.memory_gb:.1f} GB"
