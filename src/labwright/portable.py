"""Paths of one machine have no place in a lab: its code would fail elsewhere, and its page would show them to everybody."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from labwright import results
from labwright.paths import LABS, RESULTS, ROOT

# A home, a temporary or a mounted folder. In a URL the slash follows a letter, which the first group excludes.
FOLDERS = "home|root|Users|tmp|mnt|media|srv"
MACHINE_PATH = re.compile(rf"(?<![\w.~:/-])(?:/(?:{FOLDERS})/\w[\w./-]*|[A-Z]:\\\w[\w\\.-]*)|{re.escape(str(ROOT))}/")


def problems(slug: str) -> list[str]:
    """Absolute paths in the strings of the lab's code, in its contract, its recorded runs, and what its last run printed."""
    places = [*_code(slug), *_records(slug), *_printed(slug)]
    return [f"{where}: '{found[0]}' is a path of one machine" for where, text in places if (found := MACHINE_PATH.search(text))]


def _code(slug: str) -> Iterator[tuple[str, str]]:
    for path in sorted((LABS / slug).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{_name(path)}:{node.lineno}", node.value
    yield _name(LABS / slug / "lab.yml"), (LABS / slug / "lab.yml").read_text(encoding="utf-8")


def _records(slug: str) -> Iterator[tuple[str, str]]:
    for path in sorted(RESULTS.glob(f"*/{slug}.json")):
        yield _name(path), path.read_text(encoding="utf-8")


def _printed(slug: str) -> Iterator[tuple[str, str]]:
    """Every output of the last run, without its pictures."""
    path = results.notebook_of(slug)
    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    for cell in cells:
        for output in cell.get("outputs", []):
            texts = {kind: data for kind, data in output.get("data", {}).items() if not kind.startswith("image/")}
            yield f"{_name(path)}: cell '{cell.id}'", output.get("text", "") + json.dumps(texts, ensure_ascii=False)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
