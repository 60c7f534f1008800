"""The EPUB 3: one XHTML file for each article, formulas as MathML, pictures beside them, and a table of contents."""

import datetime
import html
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import yaml

from labwright.paper import articles
from labwright.paper.articles import Article
from labwright.paths import ROOT
from labwright.site import contributing
from labwright.site.build import SITE
from labwright.source import repository

STYLE = Path(__file__).with_name("epub.css")
KINDS = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><meta charset="utf-8"/><title>{title}</title><link rel="stylesheet" href="style.css"/></head>
<body>{body}</body></html>
"""


def make(running, path: Path, only: list[str] | None = None, progress: Callable[[str], None] = lambda line: None) -> int:
    """Write the EPUB of the book, or of some pages of it, to `path` with a running browser; returns how many articles it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    kept: list[Article] = []
    pictures: dict[str, Path] = {}
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first and not compressed, says the standard
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("book/style.css", STYLE.read_text(encoding="utf-8"))
        for each in articles.read(running, articles.contents(only), "epub"):
            progress(each.title)
            book.writestr(f"book/{each.id}.xhtml", PAGE.format(title=html.escape(each.title), body=each.body))
            pictures |= {name.rpartition("/")[2]: SITE / name for name in each.pictures}
            kept.append(each)
        for name, file in pictures.items():
            book.write(file, f"book/images/{name}")
        book.writestr("book/nav.xhtml", _navigation(kept))
        book.writestr("book/content.opf", _package(kept, list(pictures)))
    partial.replace(path)
    return len(kept)


def _navigation(found: list[Article]) -> str:
    """The table of contents as nested lists."""
    tree: list[tuple[str, str, int]] = []
    for each in found:
        if each.entry.part:
            tree.append((each.id, each.entry.part, 0))
        tree.append((each.id, each.title, each.entry.depth))
    lines, depths = [], []
    for name, title, depth in tree:
        while depths and depths[-1] >= depth:
            lines.append("</li>")
            depths.pop()
            if depths and depths[-1] >= depth:
                lines.append("</ol>")
        if depths and not lines[-1].startswith("</li>"):
            lines.append("<ol>")
        lines.append(f'<li><a href="{name}.xhtml">{html.escape(title)}</a>')
        depths.append(depth)
    lines += ["</li></ol>"] * len(depths)
    body = f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(lines)}</nav>'
    return PAGE.format(title="Contents", body=body)


def _package(found: list[Article], pictures: list[str]) -> str:
    """What there is in the book, and in which order it is read."""
    setting = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = [f'<item id="{_name(each)}" href="{each.id}.xhtml" media-type="application/xhtml+xml"{_uses(each)}/>' for each in found]
    items += [
        f'<item id="image-{number}" href="images/{name}" media-type="{KINDS[Path(name).suffix]}"/>' for number, name in enumerate(pictures)
    ]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{uuid.uuid5(uuid.NAMESPACE_URL, repository().url).urn}</dc:identifier>
<dc:title>{html.escape(setting["title"])}</dc:title><dc:language>en</dc:language><dc:creator>{html.escape(setting["author"])}</dc:creator>
<dc:rights>Text and figures: CC BY-SA 4.0. Code: Apache-2.0.</dc:rights>
<dc:description>Version {html.escape(contributing.version())}</dc:description>
<meta property="dcterms:modified">{now}</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
{chr(10).join(items)}</manifest>
<spine><itemref idref="nav"/>{"".join(f'<itemref idref="{_name(each)}"/>' for each in found)}</spine></package>
"""


def _name(article: Article) -> str:
    return f"page-{article.id}"


def _uses(article: Article) -> str:
    """The manifest says which pages hold formulas and drawings."""
    used = [kind for kind, mark in (("mathml", "<math"), ("svg", "<svg")) if mark in article.body]
    return f' properties="{" ".join(used)}"' if used else ""
