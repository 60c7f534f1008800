"""What makes the site whole without a network: MathJax vendored, and no scripts that call for more."""

import hashlib
import shutil
from pathlib import Path

from sphinx.util import logging

from labwright import tools
from labwright.paths import BUILD
from scratchlab import data

logger = logging.getLogger(__name__)
# The part of MathJax that a page can ask for: the component that the book loads, its fonts, TeX extensions, and what its menu
# offers: formulas as drawings, and formulas that can be explored and heard.
NEEDED = ("tex-mml-chtml.js", "output/chtml/fonts", "input/tex/extensions", "output/svg.js", "output/svg/fonts", "a11y")
NEEDED += tuple(f"sre/mathmaps/{name}.json" for name in ("base", "en", "es", "nemeth"))


def setup(app) -> None:
    """Register the events."""
    app.connect("config-inited", use_local_mathjax)
    app.connect("html-page-context", drop_thebe)


def use_local_mathjax(app, config) -> None:
    """Point Sphinx at the local copy; without npm and without a cached copy the public one is used, and said so."""
    try:
        folder = vendor(tools.get("mathjax"), BUILD / "static")
    except data.DataError as error:
        logger.info("MathJax will be loaded from the network: %s", error)
        return
    config.html_static_path.append(str(folder))
    config.mathjax_path = "mathjax/tex-mml-chtml.js"


def vendor(fetched: Path, static: Path) -> Path:
    """Copy what is needed of MathJax, in one step, to a folder 'mathjax' inside the one returned (one for each version and choice)."""
    folder = static / f"{fetched.name}-{hashlib.sha256(' '.join(NEEDED).encode()).hexdigest()[:8]}"
    target = folder / "mathjax"
    if not target.is_dir():
        partial = folder / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        for name in NEEDED:
            source = fetched / "package" / "es5" / name
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, partial / name) if source.is_dir() else shutil.copy(source, partial / name)
        partial.replace(target)
    return folder


def drop_thebe(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Jupyter Book adds thebe's scripts (twice) to every page; no page of this book uses them."""
    scripts = context.get("script_files", [])
    context["script_files"] = [each for each in scripts if "thebe" not in f"{each.filename} {each.attributes.get('body', '')}".lower()]
