"""```{question} Why ...?: a self-check whose options, written as a task list, each carry an explanation.

An option is a <details>: it opens by mouse, by keyboard and for a screen reader, without a script or a server.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.errors import ExtensionError

from labwright.site.directives import Generated


class question(nodes.container):
    """A question with its options; `label` is the id of the question's own text."""


def setup(app) -> None:
    """Register the directive."""
    app.add_directive("question", Question)
    app.add_node(question, html=(open_group, close_group))  # elsewhere it is written as the container that it is


class Question(Generated):
    """A question and its options."""

    def run(self) -> list[nodes.Node]:
        asked, *options = super().run()
        label = f"question-{self.env.new_serialno('question') + 1}"
        asked["ids"].append(label)
        return [question("", asked, *options, classes=["question"], label=label)]

    def markdown(self, *words: str) -> str:
        try:
            parts = list(options(self.content))
        except ExtensionError as error:
            raise self.error(str(error)) from None
        blocks = [self.arguments[0], ""]
        for right, option, explanation in parts:
            kind, verdict = ("quiz-right", "**Right.**") if right else ("quiz-wrong", "**No.**")
            blocks += [f":::{{dropdown}} {option}", f":class-container: quiz-option {kind}", "", f"{verdict} {explanation}", ":::", ""]
        return "\n".join(blocks)


def options(lines: list[str]) -> Iterator[tuple[bool, str, str]]:
    """Whether it is right, the option, and its explanation, of each option. Errors: ExtensionError for what no reader could use."""
    found = re.split(r"^- \[([ x])\] ", "\n".join(lines), flags=re.MULTILINE)[1:]
    parts = list(zip(found[::2], found[1::2], strict=True))
    if len(parts) < 2 or not any(mark == "x" for mark, _ in parts):
        raise ExtensionError("a question needs at least two options, one of them right: '- [ ] wrong' and '- [x] right'")
    for mark, text in parts:
        option, _, explanation = text.strip().partition("\n")
        if not explanation.strip():
            raise ExtensionError(f"the option '{option}' has no explanation")
        yield mark == "x", option, "\n".join(line.removeprefix("  ") for line in explanation.strip("\n").splitlines()).strip()


def open_group(writer, node: question) -> None:
    """The options belong together, and the question is their name."""
    writer.body.append(writer.starttag(node, "div", role="group", **{"aria-labelledby": node["label"]}))


def close_group(writer, node: question) -> None:
    """The end of it."""
    writer.body.append("</div>\n")
