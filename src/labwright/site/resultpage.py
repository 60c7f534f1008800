"""The results page: every lab in every profile, from the records; what was not run says so and why."""

from collections import Counter
from dataclasses import dataclass

from labwright import contract, curriculum, results, source
from labwright.contract import Band, Profile
from labwright.curriculum import LabEntry, Phase, Track
from labwright.results import Result
from labwright.site import cards, resultplots
from scratchlab.errors import UnknownName
from scratchlab.profile import PROFILES


@dataclass(frozen=True)
class Row:
    """A lab in one profile: what it promises, and its newest result, if there is one."""

    track: Track
    phase: Phase
    lab: LabEntry
    profile: str
    promised: Profile
    result: Result | None

    @property
    def state(self) -> str:
        """'kept' its contract, 'broken', or 'deferred'."""
        return "deferred" if self.result is None else "broken" if results.problems(self.result) else "kept"


def rows() -> list[Row]:
    """All written labs in the order of the curriculum, each in every profile that it has."""
    return [
        Row(track, phase, lab, profile, promised.profiles[profile], results.last(lab.slug, profile))
        for track, phase, _, lab in curriculum.load().labs()
        if lab.written
        for promised in (contract.read(lab.slug),)
        for profile in PROFILES
        if profile in promised.profiles
    ]


def part(name: str) -> str:
    """The Markdown of one part of the page: counts, table, time, memory, metrics or warnings."""
    parts = {"counts": counts, "table": table, "time": time, "memory": memory, "metrics": metrics, "warnings": warnings}
    if name not in parts:
        raise UnknownName("part of the results page", name, list(parts))
    return parts[name](rows())


def counts(found: list[Row]) -> str:
    """How many labs, profiles and metrics there are, and in which state."""
    labs = [lab for *_, lab in curriculum.load().labs()]
    states = Counter(row.state for row in found)
    measured = [held for row in found if row.result for _, _, _, held in _metrics(row)]
    return (
        f"**{sum(lab.written for lab in labs)} of {len(labs)}** labs are written; in all their profiles that makes **{len(found)}** runs. "
        f"**{states['kept']}** kept their contract, **{states['broken']}** broke it, **{states['deferred']}** are deferred: no machine "
        f"of that class has run them yet. Of **{len(measured)}** metrics measured, **{sum(measured)}** lie in their bands."
    )


def table(found: list[Row]) -> str:
    """The table of all runs."""
    lines = ["| Lab | Run | Cost | Metrics and their bands |", "| --- | --- | --- | --- |"]
    for row in found:
        cells = [f"{cards.lab_link(row.lab)}<br>`{row.profile}`", _where(row)]
        if row.result is None:
            cells += [f"(about {60 * row.promised.minutes:.0f} s,<br>up to {row.promised.memory_gb:g} GB)", ""]
        else:
            cells += [f"{row.result.seconds:.1f} s<br>{_memory(row.result)}", "<br>".join(map(_metric, _metrics(row)))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _where(row: Row) -> str:
    if row.result is None:
        return f"*deferred*: no such machine has run it yet ({cards.PROFILE_TITLES[row.profile]})"
    result, parts = row.result, row.result.hardware
    machine = [result.machine]
    machine += [f"{parts['cores']} core{'' if parts['cores'] == 1 else 's'}"] if "cores" in parts and "gpu" not in parts else []
    machine += [f"driver {parts['driver']}"] if parts.get("driver") else []
    machine += [f"CUDA {parts['cuda']}"] if parts.get("cuda") else []
    older = [] if result.source == source.hash_of(result.slug) else ["before the lab's latest change"]
    broken = [f"**{_plain(problem)}**" for problem in results.problems(result)]
    return "<br>".join([result.date, ", ".join(map(_plain, machine)), *older, *broken])


def _memory(result: Result) -> str:
    """The host's memory; with a GPU, both."""
    if result.gpu_memory_gb:
        return f"{result.gpu_memory_gb:.1f} GB on the GPU<br>{result.host_memory_gb:.1f} GB beside it"
    return f"{result.memory_gb:.2f} GB"


def _metrics(row: Row) -> list[tuple[str, float, Band, bool]]:
    """Name, value, band, and whether it holds, of each metric that was promised and measured."""
    bands = row.promised.metrics
    return [
        (name, row.result.metrics[name], band, band.holds(row.result.metrics[name]))
        for name, band in bands.items()
        if name in row.result.metrics
    ]


def _metric(measured: tuple[str, float, Band, bool]) -> str:
    name, value, band, held = measured
    low, high = ("−∞" if band.min is None else _number(band.min)), ("∞" if band.max is None else _number(band.max))
    text = f"{name} {_number(value)} {'in' if held else 'is outside'} [{low}, {high}]"
    return text if held else f"**{text}**"


def _number(value: float) -> str:
    """Six digits; whole numbers in full."""
    text = f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return text.replace("-", "\N{MINUS SIGN}")


def _plain(text: str) -> str:
    """Text from a record as it stands, also where it holds Markdown's own characters."""
    return "".join(f"\\{each}" if each in r"\`*_{}[]<>()#+!|$~" else each for each in text.replace("\n", " "))


def time(found: list[Row]) -> str:
    """Seconds of every run, beside what its contract tells people to expect."""
    return _cost(found, "seconds", "Computing time", "s", lambda row: (row.result.seconds, 60 * row.promised.minutes))


def memory(found: list[Row]) -> str:
    """Peak memory of every run, beside what its contract allows."""
    return _cost(found, "GB", "Peak memory", "GB", lambda row: (row.result.memory_gb, row.promised.memory_gb))


def _cost(found: list[Row], axis: str, title: str, unit: str, pair) -> str:
    ran = [row for row in found if row.result]
    if not ran:
        return "Nothing has been run yet."
    marks = [resultplots.Cost(row.lab.title, f"{row.profile}, {row.result.machine}", *pair(row)) for row in ran]
    listed = [f"{each.lab} on {each.machine}: {each.value:.3g} {unit}" for each in marks]
    shown = listed if len(listed) <= 12 else [listed[0], f"and {len(listed) - 1} more, which the table lists"]
    caption = f"{title} of {len(ran)} runs, on a logarithmic axis. A gray stroke marks what the lab's contract says."
    return resultplots.figure(resultplots.costs(marks, axis), caption, f"{title} by lab and machine. {'; '.join(shown)}.")


def metrics(found: list[Row]) -> str:
    """One figure for each phase with measured labs: every metric as a dot in its band."""
    groups: dict[str, list[Row]] = {}
    for row in found:
        if row.result and _metrics(row):
            groups.setdefault(f"{row.track.title}, phase {row.phase.number}", []).append(row)
    if not groups:
        return "Nothing has been measured yet."
    shown = []
    for title, here in groups.items():
        dots = [
            resultplots.Dot(f"{row.lab.title} ({row.profile})", name, resultplots.position(band, value), held, band)
            for row in here
            for name, value, band, held in _metrics(row)
        ]
        outside = [f"{dot.metric} of {dot.lab}" for dot in dots if not dot.held]
        said = f"{len(dots) - len(outside)} of {len(dots)} metrics lie in their bands" + (
            f"; outside: {', '.join(outside)}" if outside else ""
        )
        alt = f"A bar for the band of each metric, a dot where the last run lies in it. {said}."
        shown.append(resultplots.figure(resultplots.bands(dots), f"{title}: {said}.", alt))
    return "\n\n".join(shown)


def warnings(found: list[Row]) -> str:
    """What the runs met that libraries will drop."""
    lines = [
        f"| {cards.lab_link(row.lab)} | {row.profile} | {_plain(each['where'])} | {each['kind']}: {_plain(each['text'])} |"
        for row in found
        if row.result
        for each in row.result.deprecations
    ]
    if not lines:
        return "No run has met a warning of deprecation."
    return "\n".join(["| Lab | Profile | Raised in | Warning |", "| --- | --- | --- | --- |", *lines])
