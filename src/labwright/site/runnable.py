"""Which labs can be tried in their page, where there is Python with NumPy and nothing else: told from what they import."""

import ast
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from labwright import contract, source
from labwright.paths import LABS
from labwright.site.pagekernel import names

PACKAGES = {"numpy", "scratchlab"}
NAMES = {"sklearn": "scikit-learn", "torch": "PyTorch", "PIL": "Pillow"}  # what people call them
# Modules of the standard library that need processes, threads, signals or a network; a page has none.
SYSTEM = set("asyncio concurrent fcntl http lzma multiprocessing resource select signal socket socketserver sqlite3 ssl".split())
SYSTEM |= {"subprocess", "threading", "urllib"}


@dataclass
class Cell:
    """A code cell. `kind` is setup, answer, check or given; `lacks` is what it would need and a page does not have."""

    id: str
    kind: str
    source: str
    lacks: str = ""


def lab(slug: str) -> list[dict] | None:
    """The cells of a lab, as inpage.js and pagekernel.py take them; None if not all of its tasks can be done in the page."""
    if contract.read(slug).data or any(_lost(ast.parse(path.read_text(encoding="utf-8")).body) for path in _checks(slug)):
        return None
    found = cells(slug)
    if any(cell.lacks and cell.kind != "given" for cell in found):
        return None
    learners = {cell.id: cell.source for cell in source.learner(slug).cells}
    return [asdict(cell) | ({} if cell.kind == "setup" else {"source": learners[cell.id]}) for cell in found]


def _checks(slug: str) -> list[Path]:
    """Its checks, and what they share with it. What a single property imports by itself is that property's matter."""
    return [path for name in ("checks.py", "given.py") if (path := LABS / slug / name).is_file()]


def cells(slug: str) -> list[Cell]:
    """The code cells, with the solutions. A cell lacks what it imports, and what it uses from a cell that is left out."""
    made, missing = [], {}  # missing: global name -> what it would need
    for author, named in zip(source.read(slug).cells, source.with_nbgrader(slug).cells, strict=True):
        if author.cell_type != "code":
            continue
        kind = next((kind for kind in ("setup", "check", "solution") if kind in author.metadata), "given").replace("solution", "answer")
        lost, (defines, uses) = _lost(ast.walk(ast.parse(author.source))), names(author.source)
        if kind == "setup":
            made.append(Cell(named.id, kind, _without_imports(author.source)))
            missing |= lost
            continue
        lacks = next((missing[name] for name in sorted(uses & missing.keys())), next(iter(lost.values()), ""))
        if kind == "check":
            lacks = next(cell.lacks for cell in made if cell.id == author.metadata["check"])
        made.append(Cell(named.id, kind, author.source, lacks))
        for name in defines:
            missing.pop(name, None)
        missing |= dict.fromkeys(defines, lacks) if lacks else {}
    return made


def _lost(nodes) -> dict[str, str]:
    """The names that these imports would bind and cannot, each with the package that a page lacks."""
    lost = {}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                package = (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
                if not _is_here(package):
                    lost[alias.asname or alias.name.partition(".")[0]] = NAMES.get(package, package)
    return lost


def _is_here(package: str) -> bool:
    return package in PACKAGES or (package in sys.stdlib_module_names and package not in SYSTEM)


def _without_imports(text: str) -> str:
    """A setup cell without the imports that would fail; they stand in lines of their own."""
    gone = {line for node in ast.parse(text).body if _lost([node]) for line in range(node.lineno, node.end_lineno + 1)}
    return "\n".join(line for number, line in enumerate(text.split("\n"), 1) if number not in gone)
