"""The map of labs as SVG inside the page: links, real text, colors by the page's style (maps.css)."""

import textwrap
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from labwright import curriculum
from labwright.curriculum import Week
from labwright.site import facts
from labwright.site.layout import Layout, layout

if TYPE_CHECKING:
    from labwright.site.maps import Graph

BOX = 168  # all in the picture's own pixels; a phone scrolls it in its frame
LETTERS = 23  # that fit into a line of a box
LINE = 17
NAMES = 126  # the column with the names of the weeks
BETWEEN = 34
MARGIN = 14
LEFT = NAMES + MARGIN
Link = Callable[[str], str]


def svg(shown: "Graph", link: Link) -> str:
    """The drawing of a graph of `maps`; `link` gives the address of a document."""
    placed = layout([row.labs for row in shown.rows], shown.arrows, BOX)
    tops, heights, bands, y = [], [], [], 0.0
    for number, row in enumerate(shown.rows):
        if row.first:
            bands.append(y)
            y += MARGIN
        tops.append(y)
        heights.append(max(_height(slug) for slug in row.labs))
        last = number + 1 == len(shown.rows) or shown.rows[number + 1].first
        y += heights[-1] + (MARGIN if last else BETWEEN)
        if last:
            y = max(y, bands[-1] + LINE * (len(_name(row.week)) + 1) + 6)
    width, height = NAMES + placed.width + 2 * MARGIN, y
    weeks = [row.week for row in shown.rows if row.first]
    stripes = zip(weeks, bands, [*bands[1:], height], strict=True)
    drawn = [_band(shown, week, start, end, width, link) for week, start, end in stripes]
    drawn += _arrows(placed, tops, heights, _tip(shown))
    for number, row in enumerate(shown.rows):
        for slug in row.labs:
            drawn.append(_box(slug, shown, LEFT + placed.at[number, slug] - BOX / 2, tops[number], heights[number], link))
    name = f"Map of the labs of {shown.track.title}"
    more = f"{name}: arrows lead from a lab to those that need it. The same as a list follows."
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    tip = f'<marker id="{_tip(shown)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    return (
        f'<div class="map-frame" role="region" tabindex="0" aria-label="{name}; it can be scrolled">'
        f'<svg class="map" {size} role="group" aria-label="{more}"><style>{_highlights(shown)}</style>'
        f'<defs>{tip}<path d="M0 1L10 5L0 9z"/></marker></defs>{"".join(drawn)}</svg></div>\n'
    )


def _tip(shown: "Graph") -> str:
    return f"tip-{shown.track.slug}"


def _height(slug: str) -> float:
    return LINE * len(_lines(slug)) + 36


def _lines(slug: str) -> list[str]:
    return textwrap.wrap(curriculum.load().lab(slug).title, LETTERS)


def _name(week: Week) -> list[str]:
    return textwrap.wrap(week.title, 19) + ([] if week.status == "written" else ["(planned)"])


def _band(shown: "Graph", week: Week, start: float, end: float, width: float, link: Link) -> str:
    """A week: a stripe with its name, which leads to its chapter."""
    phase, _ = curriculum.load().week(shown.track.slug, week.number)
    lines = "".join(f'<tspan x="{MARGIN}" dy="{LINE - 2}">{escape(line)}</tspan>' for line in _name(week))
    return (
        f'<rect class="band{week.number % 2}" x="0" y="{start:.0f}" width="{width:.0f}" height="{end - start:.0f}"/>'
        f'<a href="{link(shown.track.document(phase, week))}"><text class="week" x="{MARGIN}" y="{start + 24:.0f}">'
        f'<tspan class="number">Week {week.number}</tspan>{lines}</text></a>'
    )


def _arrows(placed: Layout, tops: list[float], heights: list[float], mark: str) -> list[str]:
    """The pieces of all arrows: curves between rows, and straight lines beside the boxes of a row that is passed."""
    drawn, seen = [], set()
    for (number, upper, lower), ends in placed.pieces.items():
        x, to = LEFT + placed.at[number, upper], LEFT + placed.at[number + 1, lower]
        y, down = tops[number] + heights[number], tops[number + 1]
        start = upper[1] if isinstance(upper, tuple) else upper
        classes = " ".join(["arrow", f"from-{start}", *(f"to-{end}" for end in sorted(ends))])
        tip = "" if isinstance(lower, tuple) else f' marker-end="url(#{mark})"'
        drawn.append(
            f'<path class="{classes}"{tip} d="M{x:.1f} {y:.1f}C{x:.1f} {y + 18:.1f} {to:.1f} {down - 22:.1f} {to:.1f} {down:.1f}"/>'
        )
        if isinstance(lower, tuple) and (number + 1, lower) not in seen:
            seen.add((number + 1, lower))
            below = {end for (row, item, _), further in placed.pieces.items() if (row, item) == (number + 1, lower) for end in further}
            classes = " ".join(["arrow", f"from-{start}", *(f"to-{end}" for end in sorted(below))])
            drawn.append(f'<path class="{classes}" d="M{to:.1f} {down:.1f}V{down + heights[number + 1]:.1f}"/>')
    return drawn


ROW_BREAK = '<tspan font-size="0"> </tspan>'  # takes no room; without it, rows that stand below each other are read as one word


def _box(slug: str, shown: "Graph", x: float, y: float, height: float, link: Link) -> str:
    """A lab: its title, and what it takes. A planned one leads to its week."""
    lab, guest = curriculum.load().lab(slug), slug in shown.guests
    track, phase, week = facts.home(slug)
    state = "written" if lab.written else "planned"
    note = facts.effort(slug) if lab.written else "planned"
    if guest or track.slug != shown.track.slug:
        note = f"{track.title}, week {week.number}"
    address = link(lab.document if lab.written else track.document(phase, week))
    rows = _lines(slug)
    first = y + (height - LINE * (len(rows) + 1)) / 2 + 13
    title = ROW_BREAK.join(
        f'<tspan x="{x + BOX / 2:.1f}" y="{first + LINE * number:.1f}">{escape(line)}</tspan>' for number, line in enumerate(rows)
    )
    return (
        f'<a class="lab {state}{" guest" if guest else ""} box-{slug}" href="{address}" aria-label="{escape(f"{lab.title}, {note}")}">'
        f"<title>{escape(lab.summary)}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{height:.1f}" rx="7"/><text>{title}</text> '
        f'<text class="note" x="{x + BOX / 2:.1f}" y="{first + LINE * len(rows):.1f}">{escape(note)}</text></a>'
    )


def _highlights(shown: "Graph") -> str:
    """Pointing at a lab, or reaching it by keyboard, shows what it needs and what it opens."""
    ends = sorted({slug for arrow in shown.arrows for slug in arrow})
    return "".join(
        f".map:has(.box-{slug}:is(:hover,:focus)) .{kind}-{slug}{{stroke:var(--fig-{color});stroke-width:2.5px}}"
        for slug in ends
        for kind, color in (("to", "orange"), ("from", "blue"))
    )
