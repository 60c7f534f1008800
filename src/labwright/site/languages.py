"""The book in other languages: which pages are translated, and the link between a page and its translations.

A translation is one file, locale/LANGUAGE/LC_MESSAGES/PAGE.po, with every sentence of the page. A language's site holds just
its translated pages, in the folder LANGUAGE of the English one; where they refer to other pages, they lead to the English ones.
"""

import html
from pathlib import Path

from babel import Locale
from sphinx import addnodes
from sphinx.util import docname_join
from sphinx.util.osutil import relative_uri

from labwright.paths import ROOT

LOCALE = ROOT / "locale"


def catalog(language: str, docname: str) -> Path:
    """The file that holds the translation of a page."""
    return LOCALE / language / "LC_MESSAGES" / f"{docname}.po"


def translated() -> dict[str, list[str]]:
    """The translated pages of every language."""
    return {
        folder.parent.name: sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.glob("*/**/*.po"))
        for folder in sorted(LOCALE.glob("*/LC_MESSAGES"))
    }


def setup(app) -> None:
    """Register the events."""
    app.add_config_value("translated", translated(), "html", types=[dict])
    app.connect("config-inited", lambda app, config: setattr(config, "project", config.html_title))  # Jupyter Book leaves it unnamed
    app.connect("html-page-context", add_language_links)
    app.connect("missing-reference", name_document_in_full, priority=400)  # before intersphinx looks for it


def name_document_in_full(app, env, node: addnodes.pending_xref, text) -> None:
    """Intersphinx, which finds the pages that a language lacks, knows documents by their full names only."""
    if node["reftype"] == "doc":
        node["reftarget"] = docname_join(node["refdoc"], node["reftarget"])


def add_language_links(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Above a page, the names of the other languages that it can be read in."""
    here = app.config.language
    others = ["en"] if here != "en" else [each for each, pages in app.config.translated.items() if pagename in pages]
    if doctree is None or not others:
        return
    links = []
    for language in others:
        target = f"../{pagename}" if language == "en" else f"{language}/{pagename}"
        uri = relative_uri(app.builder.get_target_uri(pagename), target) + app.builder.link_suffix
        name = Locale(language).display_name
        links.append(f'<a href="{uri}" hreflang="{language}" lang="{language}" rel="alternate">{html.escape(name.capitalize())}</a>')
    context["body"] = f'<p class="other-languages">{" · ".join(links)}</p>\n{context["body"]}'
