"""Figures of the results page: SVG inside the page, in the colors that read on light and on dark ground."""

import base64
import html
import io
from dataclasses import dataclass

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from labwright.contract import Band
from scratchlab.plot import COLORS, NEUTRAL, STYLE

WIDTH = 4.6  # inches; narrow, so that a phone need not shrink the letters
ROW = 0.21  # inches a line
OUTSIDE = 0.12  # how far beside the bar a dot outside its band is drawn


@dataclass(frozen=True)
class Cost:
    """What one run took (`value`) and what its contract says (`promised`), in one unit."""

    lab: str
    machine: str
    value: float
    promised: float


@dataclass(frozen=True)
class Dot:
    """Where a metric lies in its band: 0 is the lower end, 1 the upper."""

    lab: str
    metric: str
    position: float
    held: bool
    band: Band


def position(band: Band, value: float) -> float:
    """Where `value` lies in the band drawn from 0 to 1; outside, just beside it.

    With one end only, a value nears the open side as it goes away from the limit, in units of the limit.
    """
    if not band.holds(value):
        return -OUTSIDE if band.min is not None and value < band.min else 1 + OUTSIDE
    if band.min is not None and band.max is not None:
        return 0.5 if band.min == band.max else (value - band.min) / (band.max - band.min)
    limit = band.max if band.min is None else band.min
    away = abs(value - limit) / (abs(limit) or 1.0)
    share = away / (1 + away) if away != float("inf") else 1.0
    return share if band.max is None else 1 - share


def costs(marks: list[Cost], axis: str) -> str:
    """SVG: a line for each lab, a dot for each machine, a stroke at what is promised."""
    labs, machines = list(dict.fromkeys(mark.lab for mark in marks)), list(dict.fromkeys(mark.machine for mark in marks))
    with matplotlib.rc_context(STYLE):
        made = Figure(figsize=(WIDTH, 1.0 + 2 * ROW * len(labs) + ROW * len(machines)))
        ax = made.add_subplot()
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=99))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_locator(NullLocator())
        for number, machine in enumerate(machines):
            chosen = [mark for mark in marks if mark.machine == machine]
            heights, color = [labs.index(mark.lab) for mark in chosen], COLORS[number % len(COLORS)]
            ax.scatter([mark.promised for mark in chosen], heights, marker="|", s=160, color=NEUTRAL)
            ax.scatter([mark.value for mark in chosen], heights, marker="os^Dv"[number % 5], s=42, color=color, label=machine)
        ax.set_yticks(range(len(labs)), labs)
        ax.set_ylim(len(labs) - 0.5, -0.5)
        ax.set_xlabel(axis)
        made.legend(loc="outside lower center")
        return _svg(made)


def bands(dots: list[Dot]) -> str:
    """SVG: under the name of each lab a bar for every metric's band, open where it has no end, with the dot in it."""
    heights, last = [], None
    with matplotlib.rc_context(STYLE):
        made = Figure(figsize=(WIDTH, 0.3 + ROW * (len(dots) + 1.5 * len({dot.lab for dot in dots}))))
        ax, height = made.add_subplot(), 0.0
        for dot in dots:
            if dot.lab != last:
                height, last = height + 1.5, dot.lab
                ax.text(-0.25, height - 0.9, dot.lab, fontsize=9, fontweight="bold", va="center")
            heights.append(height)
            height += 1
        left = [-0.25 if dot.band.min is None else 0 for dot in dots]
        width = [(1.25 if dot.band.max is None else 1) - start for dot, start in zip(dots, left, strict=True)]
        ax.barh(heights, width, left=left, height=0.55, color=(COLORS[2], 0.3), edgecolor=COLORS[2], linewidth=0.8)
        for held, marker, color in ((True, "o", COLORS[0]), (False, "X", COLORS[4])):
            at = [(dot.position, y) for dot, y in zip(dots, heights, strict=True) if dot.held is held]
            ax.scatter([x for x, _ in at], [y for _, y in at], s=34, marker=marker, color=color, zorder=3)
        ax.set_yticks(heights, [dot.metric for dot in dots], fontsize=8)
        ax.set_ylim(height - 0.3, -0.3)
        ax.set_xlim(-0.25, 1.25)
        ax.set_xticks([0, 1], ["lower end", "upper end"], fontsize=8)
        ax.tick_params(length=0)
        for side in ax.spines.values():
            side.set_visible(False)
        return _svg(made)


def _svg(made: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "results"}):  # the same picture is the same text
        made.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def figure(svg: str, caption: str, alt: str) -> str:
    """Markdown of a figure with its caption and its alternative text."""
    picture = base64.b64encode(svg.encode()).decode()
    return (
        '```{raw} html\n<figure style="margin:1.5rem 0;text-align:center">'
        f'<img class="dark-light" style="max-width:100%;background:transparent" alt="{html.escape(alt)}" '
        f'src="data:image/svg+xml;base64,{picture}"><figcaption>{html.escape(caption)}</figcaption></figure>\n```'
    )
