"""The files with which a lab runs in its page: Python and NumPy for browsers, scratchlab, and the labs. Loaded when a reader asks."""

import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

import scratchlab
from labwright import tools
from labwright.paths import BUILD, LABS
from labwright.site import runnable
from scratchlab.labs import known_labs

STATIC = BUILD / "static" / "inpage"  # what Sphinx copies: its one folder has the same name
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
UNUSED = ("/tests/", "/f2py/", "/_pyinstaller/", "/_simd.")  # parts of NumPy


def write() -> list[str]:
    """Write all files where Sphinx takes static files from; returns the labs. Errors: scratchlab.data.DataError without the downloads."""
    pyodide, numpy = tools.get("pyodide"), tools.get("pyodide-numpy")
    for name in CORE:
        _keep(STATIC / "inpage" / "pyodide" / name, (pyodide / "package" / name).read_bytes())
    _numpy(next((numpy / "package" / "pkg").glob("*.tar.gz")))
    labs = {slug: cells for slug in known_labs() if (cells := runnable.lab(slug))}
    book = _zipped(sorted(_book(labs)))
    _keep(STATIC / "inpage" / "book.zip", book)
    version = _hash(book, pyodide.name.encode(), numpy.name.encode())
    for slug, cells in labs.items():
        versioned = [cell | {"version": _hash(cell["source"].encode())} for cell in cells]  # an answer is kept as long as its stub stays
        whole = {"slug": slug, "version": version, "cells": versioned}
        _keep(STATIC / "inpage" / "labs" / f"{slug}.json", json.dumps(whole, ensure_ascii=False).encode())
    return list(labs)


def _numpy(archive: Path) -> None:
    """The modules of NumPy from a conda package, and its license; made once for each package and choice."""
    stamp = STATIC / _hash(archive.name.encode(), *map(str.encode, UNUSED))
    if stamp.is_file():
        return
    with tarfile.open(archive) as package:
        files = {name.partition("site-packages/")[2] or name: package.extractfile(name).read() for name in _wanted(package)}
    licenses = b"\n".join(content for name, content in sorted(files.items()) if name.startswith("info/"))
    _keep(STATIC / "inpage" / "numpy-license.txt", licenses)
    _keep(STATIC / "inpage" / "numpy.zip", _zipped(sorted((name, content) for name, content in files.items() if name.startswith("numpy/"))))
    stamp.touch()


def _wanted(package: tarfile.TarFile) -> Iterator[str]:
    for member in package.getmembers():
        module = "/site-packages/numpy/" in member.name and member.name.endswith((".py", ".so"))
        if member.isfile() and (member.name.startswith("info/licenses/") or (module and not any(each in member.name for each in UNUSED))):
            yield member.name


def _book(labs) -> Iterator[tuple[str, bytes]]:
    """scratchlab with its labs inside, as in the installed package; PyYAML without its part in C; and what runs the cells."""
    for package in (scratchlab, yaml):
        folder = Path(package.__file__).parent
        for path in folder.rglob("*.py"):
            yield f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    for name in ("pagekernel.py", "pagestandins.py"):
        yield name, Path(__file__).with_name(name).read_bytes()
    for slug in labs:
        for name in ("lab.yml", "checks.py", "given.py"):
            if (LABS / slug / name).is_file():
                yield f"scratchlab/labs/{slug}/{name}", (LABS / slug / name).read_bytes()


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    """An archive that is the same whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _keep(path: Path, content: bytes) -> None:
    """Write in one step, and only what is new: Sphinx, and browsers, look at the time."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    os.replace(partial, path)


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in parts)).hexdigest()[:12]
