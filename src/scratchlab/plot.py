"""Figures of the book: one style that reads on light and on dark pages, with caption and alternative text.

Backgrounds are transparent and every colour is a mid-tone with a contrast of at least 3:1 on white and on #121212.
Every function takes `caption` (shown below) and `alt` (read to people who cannot see the figure); both are required.
"""

import base64
import html
import io
from contextlib import contextmanager

from scratchlab import outputs

NEUTRAL = "#767676"
COLORS = ("#3B82C4", "#D9730D", "#2E9E6B", "#9B6DD6", "#D9534F", "#767676")  # blue orange green purple red gray

STYLE = {
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none", "figure.dpi": 160,
    "figure.constrained_layout.use": True, "font.size": 10, "axes.titlesize": 11, "axes.labelsize": 10,
    "text.color": NEUTRAL, "axes.labelcolor": NEUTRAL, "axes.edgecolor": NEUTRAL, "axes.titlecolor": NEUTRAL,
    "xtick.color": NEUTRAL, "ytick.color": NEUTRAL, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": False, "lines.linewidth": 1.8, "legend.frameon": False, "image.cmap": "viridis",
}  # fmt: skip


@contextmanager
def figure(*, caption: str, alt: str, width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1):
    """Context that yields matplotlib axes (one, or an array if rows or columns > 1) and shows the figure at its end.

    `width` and `height` are in inches.
    """
    import matplotlib

    if not outputs.in_notebook():
        matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from cycler import cycler

    with plt.rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLORS)}), plt.ioff():
        made, axes = plt.subplots(rows, columns, figsize=(width, height))
        try:
            yield axes
            _show(made, caption, alt)
        finally:
            plt.close(made)


def _show(made, caption: str, alt: str) -> None:
    buffer = io.BytesIO()
    made.savefig(buffer, format="png")
    if not outputs.in_notebook():
        print(f"[figure] {caption}")
        return
    from IPython.display import display

    png = base64.b64encode(buffer.getvalue()).decode()
    wide = int(made.get_figwidth() * 100)
    page = (
        f'<figure style="margin:0;text-align:center"><img class="dark-light" style="width:{wide}px;max-width:100%;background:transparent" '
        f'src="data:image/png;base64,{png}" alt="{html.escape(alt)}"><figcaption>{html.escape(caption)}</figcaption></figure>'
    )
    display({"image/png": png, "text/html": page, "text/plain": f"[figure] {caption}"}, raw=True)


def lines(series: dict, *, x: str, y: str, caption: str, alt: str, xs=None, bands: dict | None = None, log_x=False, log_y=False, **size):
    """Curves: `series` maps a label to its values (or to a pair of x and y values); `bands` maps a label to (low, high)."""
    with figure(caption=caption, alt=alt, **size) as ax:
        for label, values in series.items():
            pair = values if isinstance(values, tuple) else (range(len(values)) if xs is None else xs, values)
            (line,) = ax.plot(*pair, label=label)
            if bands and label in bands:
                ax.fill_between(pair[0], *bands[label], color=line.get_color(), alpha=0.2, linewidth=0)
        if log_x:
            ax.set_xscale("log")
            if xs is not None and len(xs) <= 8:  # name the measured places, not powers of ten between them
                ax.set_xticks(list(xs), [f"{value:g}" for value in xs])
                ax.minorticks_off()
        if log_y:
            ax.set_yscale("log")
        _label(ax, x, y, legend=len(series) > 1)


def bars(values: dict, *, y: str, caption: str, alt: str, errors: dict | None = None, x: str = "", log_y=False, **size):
    """Bars: `values` maps a label to a height; `errors` maps it to (low, high) ends of an interval."""
    with figure(caption=caption, alt=alt, **size) as ax:
        names = list(values)
        spans = None
        if errors:
            spans = [[values[n] - errors[n][0] for n in names], [errors[n][1] - values[n] for n in names]]
        ax.bar(names, [values[n] for n in names], yerr=spans, color=COLORS[: len(names)], alpha=0.8, ecolor=NEUTRAL, capsize=4)
        if log_y:
            ax.set_yscale("log")
        _label(ax, x, y, legend=False)


def heatmap(matrix, *, caption: str, alt: str, rows=None, columns=None, x: str = "", y: str = "", numbers: bool | None = None, **size):
    """A matrix as colored cells; labels on both sides if given; numbers are written in when there are at most 64 cells."""
    import numpy as np

    matrix = np.asarray(matrix)
    with figure(caption=caption, alt=alt, **{"width": 5.0, "height": 4.2, **size}) as ax:
        image = ax.imshow(matrix, aspect="auto")
        ax.figure.colorbar(image, ax=ax)
        if columns is not None:
            ax.set_xticks(range(len(columns)), columns, rotation=60 if max(map(len, map(str, columns))) > 3 else 0, ha="center")
        if rows is not None:
            ax.set_yticks(range(len(rows)), rows)
        if numbers if numbers is not None else matrix.size <= 64:
            middle = (matrix.max() + matrix.min()) / 2
            for (i, j), value in np.ndenumerate(matrix):
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color="black" if value > middle else "white")
        _label(ax, x, y, legend=False)


def images(pictures, *, caption: str, alt: str, titles=None, columns: int = 8, cmap: str = "gray", **size):
    """A grid of pictures: an array or sequence of (height, width) or (height, width, 3) arrays."""
    import numpy as np

    rows = -(-len(pictures) // columns)
    with figure(caption=caption, alt=alt, rows=rows, columns=columns, **{"width": 6.4, "height": 0.95 * rows + 0.2, **size}) as axes:
        for index, ax in enumerate(np.atleast_1d(axes).flat):
            ax.axis("off")
            if index < len(pictures):
                ax.imshow(np.asarray(pictures[index]), cmap=cmap)
                if titles is not None:
                    ax.set_title(str(titles[index]), fontsize=9)


def points(xy, labels, *, caption: str, alt: str, names: dict | None = None, boundary=None, x: str = "", y: str = "", **size):
    """Points in the plane, `xy` of shape (n, 2), colored by `labels`; `boundary` is (w, b) of a line w·x + b = 0."""
    import numpy as np

    xy, labels = np.asarray(xy), np.asarray(labels)
    with figure(caption=caption, alt=alt, **{"width": 4.8, "height": 4.0, **size}) as ax:
        for number, label in enumerate(np.unique(labels)):
            chosen = xy[labels == label]
            name = (names or {}).get(label, str(label))
            ax.scatter(*chosen.T, s=26, marker="os^Dv"[number % 5], color=COLORS[number % len(COLORS)], alpha=0.75, label=name)
        if boundary is not None:
            w, b = boundary
            low, high = xy.min(0) - 0.1, xy.max(0) + 0.1
            if abs(w[1]) > abs(w[0]):
                across = np.array([low[0], high[0]])
                ax.plot(across, -(w[0] * across + b) / w[1], color=NEUTRAL)
            else:
                up = np.array([low[1], high[1]])
                ax.plot(-(w[1] * up + b) / w[0], up, color=NEUTRAL)
            ax.set_xlim(low[0], high[0])
            ax.set_ylim(low[1], high[1])
        _label(ax, x, y, legend=True)


def _label(ax, x: str, y: str, *, legend: bool) -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if legend:
        ax.legend()
