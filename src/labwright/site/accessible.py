"""What the theme and its extensions leave undone for people who do not see a page: names for what can be opened or ticked.

Each replacement names the markup it expects; tests/test_pages.py looks at the result with axe, so one that no longer fits is found.
"""

import re

TOGGLE = re.compile(r'(<a class="[^"]*" href="[^"]*">(.*?)</a><details[^>]*>)<summary>', re.DOTALL)
TASK = re.compile(r'(<input class="task-list-item-checkbox"[^>]*>)(.*?)</p>', re.DOTALL)


def setup(app) -> None:
    """Register the event."""
    app.connect("html-page-context", name_things, priority=900)


def name_things(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give names to the page's own elements, and to the arrows of the table of contents beside it."""
    if "body" in context:
        # The fold says itself what it shows ("Show a solution"); the extension's label would be read in its place.
        body = context["body"].replace('<summary aria-label="Toggle hidden content">', "<summary>")
        # A list of citations also holds anchors, which a list must not.
        body = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">').replace(' role="doc-biblioentry"', "")
        context["body"] = TASK.sub(r"<label>\1\2</label></p>", body)
    if make := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *args, **options: _named(str(make(*args, **options)))


def _named(contents: str) -> str:
    """The arrow beside a page's name opens the pages below it."""
    return TOGGLE.sub(lambda found: f'{found[1]}<summary aria-label="{_plain(found[2])}">', contents)


def _plain(markup: str) -> str:
    return re.sub(r"<[^>]+>", "", markup).replace('"', "&quot;").strip()
