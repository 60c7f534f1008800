"""Figures that readers can try out: ```{interactive} NAME, with the caption as its text.

The page holds a still picture (book/interactive/NAME.svg) and the numbers that were computed beforehand (NAME.json, made by
book/interactive/make.py). Where scripts run, book/_static/interactive-NAME.js puts something to try in the picture's place.

```{interactive} attention
:name: fig-attention
:alt: What the still picture shows.

The caption, with a sentence that says what to try.
```
"""

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from labwright.paths import BOOK

FOLDER = BOOK / "interactive"


class numbers(nodes.General, nodes.Element):
    """The figure's JSON, for its script; only in pages."""


def setup(app) -> None:
    """Register the directive, and the scripts of pages that have such a figure."""
    app.add_directive("interactive", Interactive)
    app.add_node(numbers, html=(write_numbers, None), **{name: (skip, None) for name in ("latex", "text", "man", "texinfo")})
    app.connect("html-page-context", add_scripts, priority=400)  # before offline.drop_thebe, which looks at the list of scripts


class Interactive(SphinxDirective):
    """A figure with a caption, and the numbers for its script."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required, "name": directives.unchanged_required}  # noqa: RUF012, as docutils has it

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        needed = [FOLDER / f"{name}.svg", FOLDER / f"{name}.json", BOOK / "_static" / f"interactive-{name}.js"]
        if missing := [path.name for path in needed if not path.is_file()]:
            raise self.error(f"the interactive figure '{name}' lacks {', '.join(missing)}")
        if not self.options.get("alt") or not self.content:
            raise self.error(f"the interactive figure '{name}' needs an :alt: for its still picture, and a caption")
        for path in needed:
            self.env.note_dependency(str(path))
        words = nodes.Element()
        self.state.nested_parse(StringList(list(self.content), self.get_source_info()[0]), self.content_offset, words)
        caption = nodes.caption("", "", *words[0].children)
        image = nodes.image(uri=f"/book/interactive/{name}.svg", alt=self.options["alt"], width="100%")
        figure = nodes.figure("", image, caption)
        self.set_source_info(figure)
        self.add_name(figure)
        return [nodes.container("", figure, numbers(name=name), classes=["interactive", f"interactive-{name}"])]


def write_numbers(writer, node: numbers) -> None:
    """The JSON as a script that runs nothing, where scripts will be: not in a single printed page or an e-book."""
    if writer.builder.name in ("html", "dirhtml"):
        text = (FOLDER / f"{node['name']}.json").read_text(encoding="utf-8").strip().replace("</", "<\\/")
        writer.body.append(f'<script type="application/json">{text}</script>\n')
    raise nodes.SkipNode


def skip(writer, node: numbers) -> None:
    """Nothing, where there are no scripts."""
    raise nodes.SkipNode


def add_scripts(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The scripts and the style of the figures on this page."""
    names = {node["name"] for node in doctree.findall(numbers)} if doctree is not None else set()
    if names:
        app.add_css_file("interactive.css")
        app.add_js_file("interactive.js", priority=600, loading_method="defer")
    for name in sorted(names):
        app.add_js_file(f"interactive-{name}.js", priority=601, loading_method="defer")
