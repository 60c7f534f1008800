"""The cells of a graded notebook as its learner's feedback page shows them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from markupsafe import Markup

from labwright.grading import harmless

OUTPUT, OUTPUTS = 20_000, 200_000  # characters of text that one output, and all outputs of a page, may show
PICTURES, PIXELS = 10_000_000, 40_000_000  # characters of all pictures of a page in base64; their pixels


@dataclass(frozen=True)
class Output:
    """What a cell put out. `kind` is "text", "error", "picture" or "note" (words of ours)."""

    kind: str
    text: str
    address: str | Markup = ""


@dataclass
class Cell:
    """A cell of the notebook. `given`: it came with the lab and shows no result, so it can be folded away."""

    kind: str
    html: Markup
    given: bool = False
    outputs: list[Output] = field(default_factory=list)
    question: Any = None


@dataclass(frozen=True)
class Given:
    """A run of cells that came with the lab."""

    cells: list[Cell]
    kind: str = "given"
    open: bool = False

    @property
    def summary(self) -> str:
        """The first heading, else the first line of text, so that a reader knows what is folded away."""
        texts = [each.html for each in self.cells if each.kind == "markdown"]
        headings = [found[0] for text in texts if (found := re.search(r"<h\d>.*?</h\d>", text))]
        words = next((Markup(text.split("\n")[0]).striptags() for text in headings + texts), "code")
        return words if len(words) <= 60 else words[:60].rsplit(" ", 1)[0] + " …"


def cells(notebook: dict, left: dict[str, Any]) -> Iterator[Cell]:
    """The cells of nbformat JSON in order; each question of `left` (by grade_id) goes to the first cell that bears its name."""
    budget = {"text": OUTPUTS, "pictures": PICTURES, "pixels": PIXELS}
    markdown = harmless.Markdown(level=2)
    for cell in _dicts(notebook.get("cells")):
        metadata, source = _dict(cell.get("metadata")), _text(cell.get("source"))
        name = _dict(metadata.get("nbgrader")).get("grade_id")
        kind = "code" if cell.get("cell_type") == "code" else "markdown"
        question = left.pop(name, None) if isinstance(name, str) else None
        shown = Cell(kind, Markup(), question=question)
        if kind == "markdown":
            shown.html = markdown.convert(source)
        elif not (question and question.kind == "check"):  # a check's findings say more than its one line of code
            shown.html = harmless.code(source)
            shown.outputs = _outputs(cell, budget)
        role = _dict(metadata.get("scratchlab")).get("role")
        shown.given = role in ("text", "given", "setup") and not shown.question and not shown.outputs
        if source.strip() or shown.question:
            yield shown


def folded(shown: list[Cell]) -> Iterator[Cell | Given]:
    """The cells, with runs of given ones put together."""
    for given, run in groupby(shown, key=lambda cell: cell.given):
        together = list(run)
        yield from [Given(together)] if given else together


def _outputs(cell: dict, budget: dict[str, int]) -> list[Output]:
    """The outputs of a cell that ran, until `budget` is spent."""
    shown: list[Output] = []
    for output in _dicts(cell.get("outputs")) if cell.get("execution_count") is not None else []:
        if budget["text"] <= 0:
            return [*shown, Output("note", "(more output than this page shows)")]
        if made := _output(output, budget):
            budget["text"] -= max(len(made.text), 100)  # even an output of one letter takes room on the page
            shown.append(made)
    return shown


def _output(output: dict, budget: dict[str, int]) -> Output | None:
    """An output as text or pixels as far as `budget` lasts; None for everything else."""
    data = _dict(output.get("data"))
    picture = _picture(_text(data.get("image/png")), budget)
    text = _text(output.get("text")) or _text(data.get("text/plain")) or "\n".join(map(_text, _list(output.get("traceback"))))
    if picture:
        caption = "" if text.startswith("<Figure") else harmless.printed(text, 300)  # matplotlib's own words say nothing
        return Output("picture", caption.removeprefix("[figure] "), picture)
    shown = harmless.printed(text, min(OUTPUT, budget["text"]))
    return Output("error" if output.get("output_type") == "error" else "text", shown) if shown.strip() else None


def _picture(data: str, budget: dict[str, int]) -> Markup | None:
    made = harmless.png(data) if data and budget["pixels"] > 0 else None
    if not made:
        return None
    if len(made[0]) > budget["pictures"] or made[1] > budget["pixels"]:
        budget["pixels"] = 0  # the page is full: decode no more
        return None
    budget["pictures"] -= len(made[0])
    budget["pixels"] -= made[1]
    return Markup(made[0])  # base64 of our own: nothing in it to escape


def _text(value: object) -> str:
    """A notebook's text: a string, or a list of strings."""
    return value if isinstance(value, str) else "".join(each for each in _list(value) if isinstance(each, str))


def _list(value: object) -> list:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict]:
    return [each for each in _list(value) if isinstance(each, dict)]
