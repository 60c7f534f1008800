"""What needs what: the labs of a program or a phase as a graph, row by row, and the page's ```{map} foundations [phase].

Arrows come from `needs` in the contracts of written labs. A planned lab has no contract yet, so it stands in its week without arrows.
"""

from dataclasses import dataclass, field
from functools import cache

from docutils import nodes

from labwright import contract, curriculum
from labwright.curriculum import LabEntry, Phase, Track, Week
from labwright.site import drawmap, facts
from labwright.site.directives import Generated
from scratchlab.errors import UnknownName


@dataclass
class Row:
    """Labs that stand side by side. A week has several rows if its labs need each other; the first one carries its name."""

    week: Week
    labs: list[str]
    first: bool


@dataclass
class Graph:
    """Rows from top to bottom, and arrows from a lab to one that needs it, further down."""

    track: Track
    rows: list[Row] = field(default_factory=list)
    guests: set[str] = field(default_factory=set)  # labs of an earlier phase or of the other program, shown because they are needed
    arrows: list[tuple[str, str]] = field(default_factory=list)


@cache
def needs(slug: str) -> tuple[str, ...]:
    """The labs to do before a lab; nothing is known about a planned one."""
    return tuple(contract.read(slug).needs) if curriculum.load().lab(slug).written else ()


@cache
def everything_before(slug: str) -> frozenset[str]:
    """The labs that a lab needs, those that they need, and so on."""
    found: set[str] = set()
    waiting = list(needs(slug))
    while waiting:
        found.add(each := waiting.pop())
        waiting += [need for need in needs(each) if need not in found]
    return frozenset(found)


def direct_needs(slug: str) -> list[str]:
    """What a lab needs, without what follows from its other needs."""
    return [each for each in needs(slug) if not any(each in everything_before(other) for other in needs(slug))]


def graph(track: Track, phase: Phase | None = None) -> Graph:
    """The graph of a program, or of one of its phases."""
    made = Graph(track)
    weeks = [week for each, week in track.weeks() if phase in (None, each)]
    shown = {slug for week in weeks for slug in facts.labs_of(week)}
    placed: set[str] = set()
    for week in weeks:
        here = [slug for slug in facts.labs_of(week) if slug not in placed]
        guests = list(dict.fromkeys(need for slug in here for need in direct_needs(slug) if need not in shown | placed))
        made.guests.update(guests)
        placed.update(here, guests)
        depth = {slug: 0 for slug in guests}
        for slug in sorted(here, key=lambda slug: len(everything_before(slug))):
            depth[slug] = max((depth[need] + 1 for need in direct_needs(slug) if need in depth), default=0)
        for level in range(max(depth.values(), default=0) + 1):
            made.rows.append(Row(week, [slug for slug in (*guests, *here) if depth[slug] == level], first=level == 0))
    made.arrows = [(need, slug) for row in made.rows for slug in row.labs if slug not in made.guests for need in direct_needs(slug)]
    return made


def listed(shown: Graph) -> str:
    """The same in words: the labs week by week, each with what it needs."""
    lines: list[str] = []
    for row in shown.rows:
        if row.first:
            lines.append(f"- {facts.week_link(shown.track, row.week)}")
        for slug in row.labs:
            if slug not in shown.guests:
                lines.append(f"  - {_in_words(curriculum.load().lab(slug))}")
    return "\n".join(lines)


def _in_words(lab: LabEntry) -> str:
    if not lab.written:
        return facts.lab_link(lab)
    first = ", ".join(facts.lab_link(curriculum.load().lab(need)) for need in needs(lab.slug))
    return f"{facts.lab_link(lab)}, {facts.effort(lab.slug)}; " + (f"first: {first}" if first else "needs no other lab")


class map_drawing(nodes.General, nodes.Element):
    """The drawing; its links depend on the page, so it is made when the page is written."""


class Map(Generated):
    """The drawing and, behind a toggle, the same as a list."""

    def run(self) -> list[nodes.Node]:
        return [map_drawing(words=self.arguments[0].split()), *super().run()]

    def markdown(self, track: str, phase: str = "") -> str:
        self.note_labs(slug for row in _shown(track, phase).rows for slug in row.labs)
        return f"::::{{dropdown}} The same as a list\n:class-container: map-list\n\n{listed(_shown(track, phase))}\n::::"


def _shown(track: str, phase: str = "") -> Graph:
    program = curriculum.load().track(track)
    if not phase:
        return graph(program)
    found = {str(each.number): each for each in program.phases}
    if phase not in found:
        raise UnknownName(f"phase of {track}", phase, list(found))
    return graph(program, found[phase])


def setup(app) -> None:
    """Register the directive."""
    app.add_directive("map", Map)
    app.add_node(map_drawing, html=(write, None), **{name: (skip, None) for name in ("latex", "text", "man", "texinfo")})


def write(writer, node: map_drawing) -> None:
    """The SVG, with links as they are from this page; only in pages, for elsewhere the list says it all."""
    builder = writer.builder
    if builder.name in ("html", "dirhtml"):
        writer.body.append(
            drawmap.svg(_shown(*node["words"]), lambda document: builder.get_relative_uri(builder.current_docname, document))
        )
    raise nodes.SkipNode


def skip(writer, node: map_drawing) -> None:
    """Nothing."""
    raise nodes.SkipNode
