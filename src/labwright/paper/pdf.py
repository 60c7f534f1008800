"""The PDF: all articles in one page, typeset and printed by Chromium twice, the second time with page numbers in the contents."""

import datetime
import html
import io
from collections.abc import Callable
from pathlib import Path

import yaml

from labwright.paper import articles
from labwright.paper.articles import Article
from labwright.paths import BUILD, ROOT, write_atomically
from labwright.site import contributing
from labwright.site.build import SITE

STYLE = Path(__file__).with_name("print.css")
SHEET = BUILD / "print" / "book.html"
TEXT_WIDTH = 665  # pixels of CSS: what print.css leaves of an A4 page between its margins
# Formulas wider than the page are set smaller, never cut.
FIT = """() => {
  for (const formula of document.querySelectorAll("mjx-container[display=true]")) {
    const wide = formula.firstElementChild.getBoundingClientRect().width, room = formula.parentElement.clientWidth;
    if (wide > room) formula.style.fontSize = `${Math.floor(100 * room / wide * parseFloat(getComputedStyle(formula).fontSize)) / 100}px`;
  }
}"""
NUMBER = """pages => {
  for (const place of document.querySelectorAll(".contents .page")) place.textContent = pages[place.dataset.of];
}"""


def make(running, path: Path, only: list[str] | None = None, progress: Callable[[str], None] = lambda line: None) -> int:
    """Write the PDF of the book, or of some pages of it, to `path` with a running browser; returns how many pages it has."""
    from pypdf import PdfReader

    progress("collecting the pages")
    found = list(articles.read(running, articles.contents(only), "pdf"))
    write_atomically(SHEET, _sheet(found))
    progress("typesetting")
    page = running.new_page(viewport={"width": TEXT_WIDTH, "height": 1000})
    page.set_default_timeout(0)  # a whole book takes minutes
    page.emulate_media(media="print", color_scheme="light")
    page.goto(SHEET.as_uri())
    page.evaluate("window.MathJax?.startup.promise.then(() => null)")
    page.evaluate("document.fonts.ready.then(() => null)")
    page.evaluate(FIT)
    progress("printing")
    reader = PdfReader(io.BytesIO(_print(page)))
    starts = {name.strip("/"): 1 + reader.get_destination_page_number(place) for name, place in reader.named_destinations.items()}
    page.evaluate(NUMBER, {each.id: starts.get(each.id, "") for each in found})
    progress("printing again, with page numbers")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_print(page))
    page.close()
    return len(reader.pages)


def _print(page) -> bytes:
    return page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)


def _sheet(found: list[Article]) -> str:
    """One HTML page with everything that is printed."""
    setting = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    title, author = html.escape(setting["title"]), html.escape(setting["author"])
    lines, bodies = [], []
    for each in found:
        name = html.escape(each.title)
        if each.entry.part:
            part = html.escape(each.entry.part)
            lines.append(f'<li class="part"><a href="#part-{each.id}">{part}</a></li>')
            bodies.append(f'<h1 class="part" id="part-{each.id}">{part}</h1>')
        number = f'<span class="dots"></span><span class="page" data-of="{each.id}">000</span>'
        lines.append(f'<li class="depth-{each.entry.depth}"><a href="#{each.id}">{name}</a>{number}</li>')
        bodies.append(f'<article id="{each.id}">{each.body}</article>')
    made = f"Version {html.escape(contributing.version())}, printed on {datetime.date.today():%Y-%m-%d}"
    rights = "Text and figures: CC BY-SA 4.0. Code: Apache-2.0."
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title><meta name="author" content="{author}">
<link rel="stylesheet" href="../html/_static/pygments.css"><style>{STYLE.read_text(encoding="utf-8")}</style>
<script>window.MathJax = {{options: {{skipHtmlTags: ["pre", "code"], enableMenu: false}}, startup: {{elements: [".math"]}}}}</script>
<script defer src="{_mathjax()}"></script></head><body>
<section class="cover"><p class="title">{title}</p><p>{author}</p><p class="small">{made}<br>{rights}</p></section>
<nav class="contents"><p class="contents-title">Contents</p><ul>{"".join(lines)}</ul></nav>
{"".join(bodies)}</body></html>
"""


def _mathjax() -> str:
    """The copy that the site uses; formulas stay as they were typed where it has none."""
    return "../html/_static/mathjax/tex-mml-chtml.js" if (SITE / "_static" / "mathjax").is_dir() else "about:blank"
