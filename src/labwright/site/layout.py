"""Where the boxes of a layered graph stand and where its arrows run.

The usual three steps of a layered layout (Sugiyama, Tagawa and Toda, 1981), short because the rows are given (weeks):
an arrow that passes rows gets a lane in each of them, one for all arrows from the same box; each row is ordered by the mean
place of its neighbors; then places are chosen as near to the neighbors as the widths allow. No library: the pure Python ones
are unmaintained or lack the ordering, and graphviz is no Python package.
"""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

LANE = 14
GAP = 14
SWEEPS = 24
Item = Hashable  # a box is the name it was given; a lane is (LANE, box)


@dataclass
class Layout:
    """The middle of every item, left to right, and the pieces of the arrows: from an item in a row to one in the next row."""

    width: float
    at: dict[tuple[int, Item], float]
    pieces: dict[tuple[int, Item, Item], set[str]]  # (row of the upper end, upper, lower) -> the boxes at the ends of its arrows


def layout(rows: Sequence[Sequence[str]], arrows: Sequence[tuple[str, str]], box: float) -> Layout:
    """Place boxes of the width `box`. Arrows that do not lead down are left out."""
    row_of = {name: number for number, row in enumerate(rows) for name in row}
    items: list[list[Item]] = [list(row) for row in rows]
    pieces: dict[tuple[int, Item, Item], set[str]] = defaultdict(set)
    for start, end in arrows:
        upper: Item = start
        for number in range(row_of[start], row_of[end]):
            lower: Item = end if number + 1 == row_of[end] else (LANE, start)
            if lower not in items[number + 1]:
                items[number + 1].append(lower)
            pieces[number, upper, lower].add(end)
            upper = lower
    around = _neighbors(pieces)
    width = max(sum(_width(item, box) for item in row) + GAP * (len(row) - 1) for row in items)
    at = {(number, item): x for number, row in enumerate(items) for item, x in zip(row, _packed(row, box), strict=True)}
    for sweep in range(SWEEPS):
        order = range(len(items)) if sweep % 2 == 0 else range(len(items) - 1, -1, -1)
        for number in order:
            wanted = {item: _wanted((number, item), around[number, item], at) for item in items[number]}
            if sweep < SWEEPS - 6:  # the last sweeps only move, so that the order comes to rest
                items[number].sort(key=wanted.__getitem__)
            for item, x in zip(items[number], _placed(items[number], [wanted[item] for item in items[number]], box, width), strict=True):
                at[number, item] = x
    return Layout(width, at, dict(pieces))


def _neighbors(pieces) -> dict[tuple[int, Item], list[tuple[int, Item]]]:
    around = defaultdict(list)
    for number, upper, lower in pieces:
        around[number, upper].append((number + 1, lower))
        around[number + 1, lower].append((number, upper))
    return around


def _wanted(here: tuple[int, Item], neighbors: list[tuple[int, Item]], at: dict[tuple[int, Item], float]) -> float:
    """The mean place of the neighbors. A lane pulls at a lane most, so that long arrows run straight (Gansner et al., 1993)."""
    if not neighbors:
        return at[here]
    lanes = [isinstance(here[1], tuple) + isinstance(item, tuple) for _, item in neighbors]
    weights = [(1, 2, 8)[count] for count in lanes]
    return sum(weight * at[each] for weight, each in zip(weights, neighbors, strict=True)) / sum(weights)


def _width(item: Item, box: float) -> float:
    return LANE if isinstance(item, tuple) else box


def _packed(row: Sequence[Item], box: float) -> list[float]:
    """The row side by side from the left, where a phone begins to read."""
    places, x = [], 0.0
    for item in row:
        places.append(x + _width(item, box) / 2)
        x += _width(item, box) + GAP
    return places


def _placed(row: Sequence[Item], wanted: Sequence[float], box: float, width: float) -> list[float]:
    """Places in this order, apart from each other and inside the width, with the least sum of squared distances to those wanted.

    Without the offsets that keep items apart this is isotonic regression: neighbors in the wrong order are pooled at their mean.
    """
    if not row:
        return []
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (_width(left, box) + _width(right, box)) / 2 + GAP)
    pools: list[list[float]] = []  # [sum, number of items]
    for want, offset in zip(wanted, offsets, strict=True):
        pools.append([want - offset, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    low, high = _width(row[0], box) / 2, width - offsets[-1] - _width(row[-1], box) / 2
    starts = [min(max(total / count, low), high) for total, count in pools for _ in range(int(count))]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
