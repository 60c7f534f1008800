"""Colors, type and lines of the site's own drawings: the custom properties of tokens.css, made from what labs draw with."""

import hashlib

from labwright.paths import BUILD, write_atomically
from scratchlab.plot import COLORS, STYLE

NAMES = ("blue", "orange", "green", "purple", "red", "gray")  # of scratchlab.plot.COLORS, in its order
PIXELS = 100 / 72  # a point, where an inch of a lab's figure is shown on 100 pixels


def setup(app) -> None:
    """Make tokens.css and have every page load it."""
    text = css()
    folder = BUILD / "static" / "tokens"
    write_atomically(folder / "tokens.css", text)
    app.add_config_value("site_tokens", hashlib.sha256(text.encode()).hexdigest(), "html", types=[str])
    app.connect("config-inited", lambda app, config: config.html_static_path.append(str(folder)))
    app.add_css_file("tokens.css")


def css() -> str:
    """The text of tokens.css."""
    tokens = {f"--fig-{name}": color for name, color in zip(NAMES, COLORS, strict=True)}
    tokens["--fig-line"] = f"{STYLE['lines.linewidth'] * PIXELS:.2g}px"
    tokens["--fig-text"] = f"{STYLE['font.size'] * PIXELS:.3g}px"
    lines = "\n".join(f"  {name}: {value};" for name, value in tokens.items())
    return f"/* Made from scratchlab.plot when the site is built; do not edit. */\n:root {{\n{lines}\n}}\n"


def contrast(first: str, second: str) -> float:
    """The contrast of two colors written as #rrggbb, 1 to 21, as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
