"""What the still pictures share: the colors of scratchlab.plot, text, and the frame of an SVG file."""

from collections.abc import Iterable
from html import escape

from scratchlab.plot import COLORS, NEUTRAL

__all__ = ["COLORS", "NEUTRAL", "picture", "text"]


def text(x: float, y: float, words: str, *, color: str = NEUTRAL, bold: bool = False, end: bool = False, size: int = 14) -> str:
    """A line of text that begins (or ends) at x."""
    weight, anchor = ' font-weight="600"' if bold else "", ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size}"{weight}{anchor} xml:space="preserve">{escape(words)}</text>'


def picture(width: int, height: int, title: str, drawn: Iterable[str]) -> str:
    """An SVG file with a transparent ground."""
    font = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t" font-family="{font}">'
    return "\n".join([head, f'<title id="t">{escape(title)}</title>', *drawn, "</svg>"]) + "\n"
