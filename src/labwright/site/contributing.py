"""From a page back to its authors: a link to edit what the page is made from, and one to report a mistake on it."""

import html
import importlib.metadata
import os
import re
import subprocess
from urllib.parse import urlencode

from sphinx.locale import get_translation

from labwright import curriculum, source
from labwright.paths import ROOT
from labwright.site import labpages, languages

_ = get_translation("site")


def setup(app) -> None:
    """Register the events."""
    app.add_config_value("book_version", version(), "html", types=[str])
    app.add_message_catalog("site", str(languages.LOCALE))
    app.connect("html-page-context", add_links, priority=900)  # after the theme has made its own buttons


def version() -> str:
    """The release, and on a machine that publishes (where CI is set) the commit too.

    Elsewhere the commit is left out, since every new one would make all pages stale.
    """
    release = importlib.metadata.version("scratchlab")
    if not os.environ.get("CI"):
        return release
    git = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return f"{release} ({git.stdout.strip()})" if git.returncode == 0 else release


def source_of(docname: str) -> str:
    """The file that a person changes to change a page, which is not always the one that Sphinx reads."""
    if slug := labpages.slug_of(docname):
        return f"labs/{slug}/lab.py"
    if docname in curriculum.pages():
        return str(curriculum.PATH.relative_to(ROOT))
    page = ROOT / f"{docname}.md"
    included = re.fullmatch(r"```\{include\} (\S+)\n```\s*", page.read_text(encoding="utf-8"))
    path = (page.parent / included[1]).resolve() if included else page
    return str(path.relative_to(ROOT))


def edit_url(docname: str, language: str) -> str:
    """Where GitHub lets one edit the page; of a translated page, its translation."""
    here = source.repository()
    path = source_of(docname) if language == "en" else languages.catalog(language, docname).relative_to(ROOT)
    return f"{here.url}/edit/{here.branch}/{path}"


def report_url(docname: str, language: str, shown_version: str) -> str:
    """A new issue in the form for mistakes (.github/ISSUE_TEMPLATE/mistake.yml), with the page and the version filled in."""
    page = docname if language == "en" else f"{language}/{docname}"
    return f"{source.repository().url}/issues/new?" + urlencode(
        {"template": "mistake.yml", "title": f"{page}: ", "page": page, "version": shown_version}
    )


def add_links(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put both links at the foot of the page, where a reader has just finished, and behind the theme's own buttons."""
    shown = f"{html.escape(_('Version'))} {html.escape(app.config.book_version)}"
    if doctree is not None:
        edit = edit_url(pagename, app.config.language)
        report = report_url(pagename, app.config.language, app.config.book_version)
        own = {"source-edit-button": edit, "source-issues-button": report}
        for group in context.get("header_buttons", []):
            for button in group.get("buttons", []):
                if button.get("label") in own:
                    button["url"] = own[button["label"]]
        links = ((edit, _("Edit this page")), (report, _("Report a mistake on this page")))
        shown += "".join(f' · <a href="{html.escape(url)}">{html.escape(text)}</a>' for url, text in links)
    context["theme_extra_footer"] = f'<p class="page-version">{shown}</p>'
