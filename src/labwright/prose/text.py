"""What of a file is prose, in its place: everything else is blanked, so that a finding's position gives its line."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

# Directives whose body is read by people; of all others, and of code, nothing is.
PROSE_DIRECTIVES = (
    "card|grid|grid-item|grid-item-card|admonition|note|tip|warning|important|figure|question|dropdown|list-table|exercise|solution"
)
FENCE = re.compile(r"^([ \t]*)(`{3,}|:{3,})[ \t]*(\{[\w-]+\})?([^\n]*)\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
NOT_PROSE = re.compile(
    r"<!--.*?-->"  # comments
    r"|\$\$.*?\$\$"  # formulas
    r"|(?<![\\$\w])\$[^$\n]*(?:\n[^$\n]+){0,2}\$"
    r"|(?:\{[\w:-]+\})?(`+)(?:(?!\n\n).)*?(?<!`)\1(?!`)"  # code and roles
    r"|\]\([^)\s]*(?:\([^)\s]*\)[^)\s]*)*\)|<https?://[^>]*>|https?://\S+"  # addresses
    r"|</?[a-zA-Z][^>\n]*>"  # HTML
    r"|^[ \t]*\([\w-]+\)=$|\(eq-[\w-]+\)$"  # labels
    r"|^[ \t]*:(?!alt:)[\w-]+:.*$"  # options of directives
    r"|&\w+;",
    re.MULTILINE | re.DOTALL,
)
OURS = {"title", "summary", "topic", "objectives", "skills", "note", "text", "audience", "outcomes", "strategies", "compute"}


def read(path: Path) -> str:
    """The prose of a Markdown file, of a lab's source, or of the curriculum, each word in its place."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        source = _cells(source)
    elif path.suffix == ".yml":
        return _fields(source)
    return NOT_PROSE.sub(_blank, _without_code(source))


def _blank(match: re.Match) -> str:
    """As many characters and lines; a mark where it began keeps the words around it apart."""
    return ";" + re.sub(r"[^\n]", " ", match[0][1:])


def _without_code(source: str) -> str:
    """Blank fenced code, and directives that hold no prose; keep the inside of those that do."""

    def inside(match: re.Match) -> str:
        _, fence, name, rest, body = match.groups()
        first = match[0].partition("\n")[0]
        title = rest if name in ("{question}", "{dropdown}", "{admonition}", "{card}", "{grid-item-card}") else " " * len(rest)
        if name is None and fence.startswith(":"):
            return match[0]
        if name is None or not re.fullmatch(rf"\{{({PROSE_DIRECTIVES})\}}", name):
            return re.sub(r"[^\n]", " ", match[0])
        opening = " " * (len(first) - len(rest)) + title
        closing = match[0][len(first) + 1 + len(body) :]
        return f"{opening}\n{_without_code(body)}{' ' * len(closing)}"

    return FENCE.sub(inside, source)


def _cells(source: str) -> str:
    """The Markdown cells of a lab; other lines are empty."""
    lines, markdown = [], False
    for line in source.splitlines():
        if line.startswith("# %%"):
            markdown = "[markdown]" in line
            lines.append("")
        else:
            lines.append(line.removeprefix("#").removeprefix(" ") if markdown else "")
    return "\n".join(lines)


def _fields(source: str) -> str:
    """The curriculum's sentences, at their lines."""
    lines = [""] * (source.count("\n") + 2)
    for line, words in _values(yaml.compose(source, Loader=yaml.SafeLoader), OURS, wanted=False):
        lines[line] = (lines[line] + " " + re.sub(r"\S+\.(com|org|io|ai)\b\S*", ";", words) + " ;").strip()
    return "\n".join(lines)


def _values(node: yaml.Node, fields: set[str], wanted: bool) -> Iterator[tuple[int, str]]:
    """The values of some fields, each with its line; of a resource, only the note: its title and its maker's name are not ours."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _values(value, {"note"} if key.value == "resources" else fields, key.value in fields)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _values(item, fields, wanted)
    elif wanted:
        yield node.start_mark.line, node.value
