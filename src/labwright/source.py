"""lab.py, the source of a lab, and the notebooks made from it.

A lab.py is a jupytext percent script. Three header keys carry everything that nbgrader needs:

    # %% solution="attention"                        the learner writes what stands between the SOLUTION markers
    # %% check="attention" points=3                  holds check("attention"); graded automatically
    # %% [markdown] answer="why-scale" points=2      the learner writes; graded by a person

and one more, `# %% setup=true`, marks the cell that opens the lab.
"""

import ast
import copy
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from labwright.paths import BUILD, LABS, ROOT, write_atomically
from scratchlab.errors import ScratchlabError

STUB = 'raise NotImplementedError("Write your answer here, then run this cell and the check below.")'
ANSWER_STUB = "*Write your answer here.*"
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"

INSTALL = """\
# The same first lines in every lab: on a machine without the book's helper package, fetch it (torch is left as it is).
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("scratchlab") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "scratchlab @ git+{url}@{branch}"], check=True)
"""


@dataclass(frozen=True)
class Repository:
    """Where the book lives; the one place that says so is _config.yml."""

    url: str
    branch: str


@cache
def repository() -> Repository:
    """The repository setting of _config.yml."""
    setting = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    return Repository(setting["url"], setting["branch"])


def read(slug: str) -> NotebookNode:
    """The lab's source as a notebook with the author's own header keys in the cells' metadata."""
    text = _text(slug)
    try:
        return copy.deepcopy(_parsed(text))
    except Exception as error:
        raise ScratchlabError(f"{LABS / slug / 'lab.py'} is not a percent script: {error}") from error


def _text(slug: str) -> str:
    path = LABS / slug / "lab.py"
    if not path.is_file():
        raise ScratchlabError(f"{path} does not exist. `labwright new {slug}` makes one.")
    return path.read_text(encoding="utf-8")


@cache
def _parsed(text: str) -> NotebookNode:
    import jupytext  # takes a second, and who only asks for a lab's points need not wait

    return jupytext.reads(text, fmt="py:percent")


def with_nbgrader(slug: str) -> NotebookNode:
    """The teacher's notebook: solutions in place, header keys expanded to nbgrader's metadata, deterministic cell ids."""
    source = read(slug)
    seen: dict[str, int] = {}
    cells = []
    for cell in source.cells:
        keys = dict(cell.metadata)
        name, grading = _grading(cell, keys)
        if "setup" in keys:
            name = "setup"
            cell.source = INSTALL.format(url=repository().url, branch=repository().branch) + "\n" + cell.source
        name = name or "text-" + hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        metadata = {"tags": keys["tags"]} if "tags" in keys else {}
        if grading:
            metadata["nbgrader"] = grading
        extra = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
        cells.append(
            nbformat.from_dict(
                {
                    "cell_type": cell.cell_type,
                    "id": name if seen[name] == 1 else f"{name}-{seen[name]}",
                    "metadata": metadata,
                    "source": cell.source,
                    **extra,
                }
            )
        )
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _grading(cell: NotebookNode, keys: dict) -> tuple[str, dict]:
    """The cell's name and its nbgrader metadata, from the header keys; a check's points are written into its call."""
    base = {"schema_version": 3, "task": False}
    if "solution" in keys:
        return keys["solution"], base | {"grade_id": keys["solution"], "solution": True, "grade": False, "locked": False}
    if "check" in keys:
        name, points = f"check-{keys['check']}", keys["points"]
        cell.source = cell.source.replace(f'check("{keys["check"]}")', f'check("{keys["check"]}", points={points})')
        return name, base | {"grade_id": name, "solution": False, "grade": True, "locked": True, "points": points}
    if "answer" in keys:
        name, points = f"answer-{keys['answer']}", keys["points"]
        return name, base | {"grade_id": name, "solution": True, "grade": True, "locked": False, "points": points}
    return "", {}


def solved(slug: str) -> NotebookNode:
    """The notebook that is executed: the teacher's without the marker lines."""
    notebook = with_nbgrader(slug)
    for cell in notebook.cells:
        if cell.cell_type == "code":  # a written answer keeps its markers: the page needs to know where it begins
            cell.source = "\n".join(line for line in cell.source.split("\n") if BEGIN not in line and END not in line)
    return notebook


def learner(slug: str) -> NotebookNode:
    """The learner's copy, made by nbgrader's own preprocessors: solutions cleared, checks locked, checksums computed."""
    from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells

    notebook = with_nbgrader(slug)
    clear = ClearSolutions(code_stub={"python": STUB}, text_stub=ANSWER_STUB)
    try:
        for preprocessor in (clear, LockCells(), ComputeChecksums()):
            notebook, _ = preprocessor.preprocess(notebook, {})
    except RuntimeError as error:  # markers that do not match
        raise ScratchlabError(f"{LABS / slug / 'lab.py'}: no learner's copy can be made: {error}") from None
    return notebook


def dump(notebook: NotebookNode) -> str:
    """The notebook as text, the same on every machine."""
    return nbformat.writes(notebook, indent=1) + "\n"


def hash_of(slug: str) -> str:
    """Hash of lab.py: a recorded run belongs to this text of the lab."""
    return hashlib.sha256((LABS / slug / "lab.py").read_bytes()).hexdigest()


def learner_path(slug: str) -> Path:
    """Where the learner's copy is committed."""
    return LABS / slug / f"{slug}.ipynb"


def is_stale(slug: str) -> bool:
    """Whether the committed learner's copy differs from what lab.py makes now.

    A copy that was found fresh is not made again as long as all that goes into it is the same: with many labs that takes a while.
    """
    path, found = learner_path(slug), BUILD / "fresh" / slug
    if not path.is_file():
        return True
    made_of = (LABS / slug / "lab.py", path, ROOT / "_config.yml", Path(__file__))
    key = hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in made_of)).hexdigest()
    key += " ".join(map(version, ("jupytext", "nbformat", "nbgrader")))
    if found.is_file() and found.read_text(encoding="utf-8") == key:
        return False
    if path.read_text(encoding="utf-8") != dump(learner(slug)):
        return True
    write_atomically(found, key)
    return False


def build(slug: str) -> bool:
    """Write the learner's copy and nbgrader's source; returns whether the learner's copy was stale."""
    if problems := lint(slug):
        raise ScratchlabError("\n".join(problems))
    write_atomically(ROOT / "grading" / "source" / slug / f"{slug}.ipynb", dump(with_nbgrader(slug)))
    return write_atomically(learner_path(slug), dump(learner(slug)))


def title(slug: str) -> str:
    """The lab's title: the first heading of lab.py."""
    first = read(slug).cells[0].source.splitlines()[0]
    return first.removeprefix("# ").strip()


def imports(slug: str) -> list[str]:
    """The import statements of the lab's code, each as one line."""
    lines = []
    for cell in read(slug).cells:
        if cell.cell_type == "code":
            found = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Import | ast.ImportFrom)]
            lines += [ast.unparse(node) for node in found]
    return list(dict.fromkeys(lines))


GRADED = re.compile(r'^# %%.*\b(check|answer)="([^"]+)".*\bpoints=([\d.]+)', re.MULTILINE)


def graded(slug: str) -> list[tuple[str, str, float]]:
    """All graded items in order, as (kind, name, points); kind is 'check' or 'answer'. Read from the headers alone: it is asked often."""
    return [(kind, name, float(points)) for kind, name, points in GRADED.findall(_text(slug))]


SECTIONS = ("You will learn", "Common mistakes", "Scale it up", "Exercises", "References")


def lint(slug: str) -> list[str]:
    """What is wrong with lab.py, one 'file: problem' line each; empty if nothing is."""
    notebook, path = read(slug), LABS / slug / "lab.py"
    problems: list[str] = []
    names: dict[str, set[str]] = {"solution": set(), "check": set(), "answer": set()}
    if not notebook.cells or not notebook.cells[0].source.startswith("# "):
        problems.append("the first cell must be Markdown that starts with '# Title'")
    for cell in notebook.cells:
        start = (cell.source.strip().splitlines() or ["(empty cell)"])[0][:50]
        for kind, known in names.items():
            if kind not in cell.metadata:
                continue
            name = cell.metadata[kind]
            if name in known:
                problems.append(f"{kind} '{name}' appears twice")
            if kind == "check" and name not in names["solution"]:
                problems.append(f"check '{name}' has no solution cell of that name above it")
            if re.fullmatch(r"setup|own-\d+", name):
                problems.append(f"{kind} '{name}': grading gives this name to other cells; choose another")
            known.add(name)
            problems += _lint_graded(cell, kind, name)
        if cell.cell_type == "code":
            problems += [f"cell '{start}': {problem}" for problem in _lint_code(cell)]
    problems += [f"solution '{name}' has no check" for name in sorted(names["solution"] - names["check"])]
    if sum("setup" in cell.metadata for cell in notebook.cells) != 1:
        problems.append("exactly one cell must have setup=true")
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    problems += [f"there is no section '{each}'" for each in SECTIONS if not re.search(rf"^#+ {each}", prose, re.MULTILINE)]
    points = sum(points for _, _, points in graded(slug))
    if not 6 <= points <= 12:
        problems.append(f"the points add up to {points:g}; a lab has 6 to 12")
    return [f"{path}: {problem}" for problem in problems]


def _lint_graded(cell: NotebookNode, kind: str, name: str) -> list[str]:
    if kind == "check":
        problems = [] if "points" in cell.metadata else [f"check '{name}' has no points"]
        call = f'check("{name}")'
        return problems + ([] if cell.source.strip() == call else [f"check '{name}' must hold just the line {call}; examples go above"])
    if cell.source.count(BEGIN) != 1 or cell.source.count(END) != 1:
        return [f"{kind} '{name}' needs one ### {BEGIN} and one ### {END} line"]
    return ["answer '" + name + "' has no points"] if kind == "answer" and "points" not in cell.metadata else []


def _lint_code(cell: NotebookNode) -> list[str]:
    lines = [line for line in cell.source.split("\n") if BEGIN not in line and END not in line]
    problems = [] if len(lines) <= 30 else [f"{len(lines)} lines; no cell is longer than 30"]
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        return [f"not plain Python (no magics, no shell): {error.msg}"]
    if re.search(r"^\s*(import|from) matplotlib", cell.source, re.MULTILINE):
        problems.append("draws by hand; use scratchlab.plot")
    if "solution" in cell.metadata:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                problems += [] if ast.get_docstring(node) else [f"{node.name} has no docstring"]
    return problems
