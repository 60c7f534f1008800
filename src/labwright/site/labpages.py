"""Pages of labs: the file in the table of contents is the learner's copy; what is shown is the lab as it was executed.

So launch buttons and downloads give the learner's copy, and the page shows outputs, with each solution behind a toggle
below the stub it fills. `edition: learner` (in _config.yml) leaves the solutions out.
"""

import re

import nbformat
from nbformat import NotebookNode

from labwright import results, source
from labwright.paths import LABS
from labwright.site import facts, inpage
from scratchlab import outputs

PAGE = re.compile(r"^labs/([^/]+)/\1$")


def setup(app) -> None:
    """Register the events."""
    app.connect("source-read", replace_with_executed)
    app.connect("html-page-context", add_kaggle_button, priority=900)  # after the theme has made its own buttons


def slug_of(docname: str) -> str | None:
    """The lab that a page shows, if it shows one."""
    found = PAGE.match(docname)
    return found.group(1) if found else None


def replace_with_executed(app, docname: str, content: list[str]) -> None:
    """Put the executed lab in place of the learner's copy before the page is parsed."""
    slug = slug_of(docname)
    if slug is None:
        return
    executed = results.notebook_of(slug)
    for path in (executed, results.path_of(slug, "cpu"), LABS / slug / "lab.py", LABS / slug / "lab.yml"):
        app.env.note_dependency(str(path))
    notebook = nbformat.read(executed, as_version=4) if executed.is_file() else source.solved(slug)
    shown = page(slug, notebook, solutions=app.config.edition != "learner")
    if app.config.try_in_page:
        inpage.mark(slug, shown)
    content[0] = nbformat.writes(shown)


def page(slug: str, notebook: NotebookNode, solutions: bool) -> NotebookNode:
    """The notebook as readers see it."""
    stubs = {cell.id: cell.source for cell in source.learner(slug).cells}
    shown = []
    for number, cell in enumerate(notebook.cells):
        grading = cell.metadata.get("nbgrader", {})
        cell.metadata = nbformat.from_dict({"tags": list(cell.metadata.get("tags", []))})
        if cell.cell_type == "code":
            _drop_machine_outputs(cell)
        if cell.id == "setup":
            cell.metadata.update(
                tags=["hide-input"], mystnb={"code_prompt_show": "Show the setup cell", "code_prompt_hide": "Hide the setup cell"}
            )
        elif "parameters" in cell.metadata.tags:
            continue
        elif grading.get("solution") and cell.cell_type == "code":
            shown.append(nbformat.v4.new_code_cell(stubs[cell.id], id=f"{cell.id}-stub"))
            if not solutions:
                continue
            prompts = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
            cell.metadata.update(tags=["hide-input"], mystnb=prompts)
        elif grading.get("solution"):
            cell.source = _answer(cell.source, solutions)
        shown.append(cell)
        if number == 0:
            shown.append(nbformat.v4.new_markdown_cell(f"```{{lab-card}} {slug}\n```", id="lab-card"))
    notebook.cells = shown
    return notebook


def _drop_machine_outputs(cell: NotebookNode) -> None:
    """Leave what people read; the bundles for the runner have done their work."""
    for output in cell.outputs:
        if "data" in output:
            for kind in (outputs.RECORD, outputs.CLAIM, outputs.CHECK, "application/papermill.record/text/plain"):
                output.data.pop(kind, None)
            output.metadata = {}


def _answer(text: str, solutions: bool) -> str:
    """A written question, with the model answer behind a toggle."""
    question, _, rest = text.partition(f"### {source.BEGIN}")
    answer = rest.partition(f"### {source.END}")[0].strip()
    return question.strip() + (f"\n\n:::{{dropdown}} A model answer\n{answer}\n:::\n" if solutions else "")


def add_kaggle_button(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Beside the theme's own Colab button: open the learner's copy in Kaggle."""
    slug = slug_of(pagename)
    if slug is None:
        return
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            group["buttons"].append(
                {
                    "type": "link",
                    "text": "Kaggle",
                    "tooltip": "Launch on Kaggle",
                    "icon": "fab fa-kaggle",
                    "url": facts.kaggle(slug),
                }
            )
