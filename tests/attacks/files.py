"""Submissions that are attacks as files. Each function writes one into `folder`, from `notebook`, a copy with every answer right.

Its docstring says what it tries and, in the last words, its honest value.
"""

import io
import json
import os
import zipfile
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

SLUG = "nn-perceptron"


def _write(folder: Path, notebook: NotebookNode) -> None:
    (folder / f"{SLUG}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


def _unsolved(notebook: NotebookNode) -> NotebookNode:
    for name in ("predict", "update", "train", "bound", "pocket"):
        _cell(notebook, name).source = "pass"
    return notebook


def zip_bomb(folder: Path, notebook: NotebookNode) -> None:
    """A small archive that unpacks to gigabytes. Honest: 0"""
    with zipfile.ZipFile(folder / f"{SLUG}.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{SLUG}.ipynb", "w") as stream:
        for _ in range(300):
            stream.write(bytes(1 << 20))


def zip_in_zip(folder: Path, notebook: NotebookNode) -> None:
    """An archive of archives, of links, and of files that want to lie above. Honest: 0"""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"../../../{SLUG}.ipynb", json.dumps(notebook))
    with zipfile.ZipFile(folder / f"{SLUG}.zip", "w") as archive:
        archive.writestr(f"../{SLUG}.ipynb", json.dumps(notebook))
        archive.writestr("more.zip", inner.getvalue())


def link_to_another(folder: Path, notebook: NotebookNode) -> None:
    """A link to the notebook of the learner before. Honest: 0"""
    (folder / f"{SLUG}.ipynb").symlink_to(f"../../a-first/{SLUG}/{SLUG}.ipynb")


def link_to_a_secret(folder: Path, notebook: NotebookNode) -> None:
    """A link to the course's secret, under the notebook's name. Honest: 0"""
    (folder / f"{SLUG}.ipynb").symlink_to("../../../secret")


def fifo(folder: Path, notebook: NotebookNode) -> None:
    """A pipe that nobody writes to. Honest: 0"""
    os.mkfifo(folder / f"{SLUG}.ipynb")


def richer_points(folder: Path, notebook: NotebookNode) -> None:
    """Metadata that claim 1,000 points for each check. The answers are right. Honest: 10"""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=1000, grade=True, locked=False, max_score=1000, score=1000)
    notebook.metadata["nbgrader"] = {"score": 1000}
    _write(folder, notebook)


def exchanged_names(folder: Path, notebook: NotebookNode) -> None:
    """The check worth one point takes the name of the one worth three; only `predict` is answered. Honest: 1"""
    answer = _cell(notebook, "predict").source
    _cell(_unsolved(notebook), "predict").source = answer
    for old, new in (("check-predict", "check-train"), ("check-train", "check-predict")):
        cell = _cell(notebook, old)
        cell.metadata.nbgrader.grade_id = new
        cell.metadata.nbgrader.points = 3
    _write(folder, notebook)


def check_replaced(folder: Path, notebook: NotebookNode) -> None:
    """Every check is a cell that shows a report with full marks, saved with its outputs. Honest: 0"""
    for cell in _unsolved(notebook).cells:
        if cell.id.startswith("check-"):
            cell.source, cell.execution_count = 'print("all properties hold, 3 of 3 points")\n3.0', 1
            data = {"text/plain": "3.0", "application/vnd.scratchlab.check+json": {"score": 3.0, "points": 3, "outcomes": []}}
            cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
    _write(folder, notebook)


def checks_twice(folder: Path, notebook: NotebookNode) -> None:
    """Each check stands there three times; only `update` is answered. Honest: 2"""
    answer = _cell(notebook, "update").source
    _cell(_unsolved(notebook), "update").source = answer
    checks = [cell for cell in notebook.cells if cell.id.startswith("check-")]
    notebook.cells = [*checks, *notebook.cells, *checks]
    _write(folder, notebook)


def checks_first(folder: Path, notebook: NotebookNode) -> None:
    """All checks are moved above the answers, which are right. Honest: 10"""
    checks = [cell for cell in notebook.cells if cell.id.startswith("check-")]
    notebook.cells = checks + [cell for cell in notebook.cells if cell not in checks]
    _write(folder, notebook)


def own_check_name(folder: Path, notebook: NotebookNode) -> None:
    """A new graded cell with a name and points of its own. Honest: 0"""
    grading = {
        "grade_id": "check-bonus",
        "points": 50,
        "grade": True,
        "solution": False,
        "locked": True,
        "schema_version": 3,
        "task": False,
    }
    _unsolved(notebook).cells.append(new_code_cell("50.0", metadata={"nbgrader": grading}))
    _write(folder, notebook)


def other_kernel(folder: Path, notebook: NotebookNode) -> None:
    """Metadata that name another kernel, and parameters for papermill. The answers are right. Honest: 10"""
    notebook.metadata = {
        "kernelspec": {"name": "../../evil", "display_name": "x", "language": "python", "argv": ["sh", "-c", "exit"]},
        "language_info": {"name": "python", "version": "2.7"},
        "papermill": {"parameters": {"PROFILE": "h100"}, "environment_variables": {"A": "b"}},
        "scratchlab": {"role": "check"},
    }
    for cell in notebook.cells:
        cell.metadata["scratchlab"] = {"role": "given"}
        cell.metadata["tags"] = ["parameters", "injected-parameters", "raises-exception", "skip-execution"]
    _write(folder, notebook)


def many_cells(folder: Path, notebook: NotebookNode) -> None:
    """Ten thousand cells. Honest: 0"""
    notebook.cells += [new_code_cell("1 + 1") for _ in range(10_000)]
    _write(folder, notebook)


def deep_json(folder: Path, notebook: NotebookNode) -> None:
    """A file of a hundred thousand brackets. Honest: 0"""
    (folder / f"{SLUG}.ipynb").write_text('{"cells":' + "[" * 100_000, encoding="utf-8")


def prefilled(folder: Path, notebook: NotebookNode) -> None:
    """Outputs with a report of full marks and script in every cell, and nothing answered. Honest: 0"""
    for cell in _unsolved(notebook).cells:
        if cell.cell_type == "code":
            html = "<script>alert(1)</script><b>predict: 5 of 5 properties hold, 1 of 1 points</b>"
            cell.outputs = [new_output("display_data", data={"text/html": html, "text/plain": "1.0"})]
            cell.execution_count = "1"
    _write(folder, notebook)


def scripted_metadata(folder: Path, notebook: NotebookNode) -> None:
    """Script in names, identifiers, attachments and titles; the answers are right. Honest: 10"""
    evil = "<script>alert(1)</script>"
    for number, cell in enumerate(notebook.cells):
        if "nbgrader" not in cell.metadata:
            cell.id = f"{evil}{number}"
            cell.metadata |= {"name": evil, "tags": [evil], "attachments": {evil: {"image/png": evil}}}
    notebook.metadata["title"] = notebook.metadata["authors"] = evil
    _write(folder, notebook)


def stale_sources(folder: Path, notebook: NotebookNode) -> None:
    """Sources that are lists of a million empty lines, and cells that are no cells. Honest: 0"""
    _cell(notebook, "predict").source = ["\n"] * 400_000
    notebook.cells = [*notebook.cells, None, 5, {"cell_type": "code"}, {"cell_type": {"a": 1}, "source": {"b": 2}}]
    (folder / f"{SLUG}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


FILES = [each for name, each in list(globals().items()) if not name.startswith("_") and getattr(each, "__module__", "") == __name__]
