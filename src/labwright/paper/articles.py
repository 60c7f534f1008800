"""The pages of the built site in reading order, without what only a site needs: what the PDF and the EPUB are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from labwright.paths import ROOT
from labwright.site.build import SITE
from scratchlab.errors import ScratchlabError

SCRIPT = Path(__file__).with_name("article.js")


@dataclass(frozen=True)
class Entry:
    """A page's place in the table of contents; `part` names the part that begins with it."""

    name: str
    depth: int
    part: str = ""


@dataclass(frozen=True)
class Article:
    """The text of a page as XHTML; its links lead to other articles or out, its pictures are files of the site."""

    entry: Entry
    title: str
    body: str
    pictures: list[str]

    @property
    def id(self) -> str:
        """A name that can stand in an address."""
        return slug(self.entry.name)


def slug(name: str) -> str:
    """A page's name without slashes (article.js makes the same)."""
    return name.replace("/", "-")


def contents(only: list[str] | None = None) -> list[Entry]:
    """All pages in the order of the table of contents, or some of them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    entries = [Entry(toc["root"], 0)]
    for part in toc.get("parts", [{"caption": "", "chapters": toc.get("chapters", [])}]):
        inside = list(_below(part["chapters"], 1))
        entries += [Entry(name, depth, part["caption"] if number == 0 else "") for number, (name, depth) in enumerate(inside)]
    if only is None:
        return entries
    if unknown := set(only) - {entry.name for entry in entries}:
        raise ScratchlabError(f"no such page in the table of contents: {', '.join(sorted(unknown))}")
    return [entry for entry in entries if entry.name in only]


def _below(chapters: list[dict], depth: int) -> Iterator[tuple[str, int]]:
    for chapter in chapters:
        yield chapter["file"], depth
        yield from _below(chapter.get("sections", []), depth + 1)


def read(browser, entries: list[Entry], form: str) -> Iterator[Article]:
    """The articles of the pages, for a 'pdf' or an 'epub', cleaned in a browser, whose parser and serializer are exact.

    In an EPUB, formulas become MathML. Errors: ScratchlabError if a page was not built or holds a formula with a mistake.
    """
    page = browser.new_page()
    mathjax = SITE / "_static" / "mathjax" / "tex-mml-chtml.js"
    page.set_content("<!DOCTYPE html><title>workshop</title>")
    if form == "epub":
        if not mathjax.is_file():
            raise ScratchlabError("An EPUB needs the local copy of MathJax, which the site lacks: with npm, labwright book fetches it")
        page.add_script_tag(content=mathjax.read_text(encoding="utf-8"))
        page.evaluate("MathJax.startup.promise")
    page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    names = [entry.name for entry in entries]
    for entry in entries:
        path = SITE / f"{entry.name}.html"
        if not path.is_file():
            raise ScratchlabError(f"{path} is missing: labwright book")
        asked = {"html": path.read_text(encoding="utf-8"), "name": entry.name, "depth": entry.depth, "names": names, "form": form}
        made = page.evaluate("asked => article(asked)", asked)
        if made["wrong"]:
            raise ScratchlabError(f"{entry.name}: formulas with mistakes: {'; '.join(made['wrong'])}")
        yield Article(entry, made["title"], made["body"], made["pictures"])
    page.close()
