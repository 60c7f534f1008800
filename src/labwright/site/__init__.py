"""The Sphinx extension of the book: pages of labs from executed notebooks, and what the curriculum generates."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from labwright.paths import BOOK
from labwright.site import (
    accessible,
    contributing,
    directives,
    facts,
    front,
    inpage,
    interactive,
    labpages,
    languages,
    links,
    maps,
    offers,
    offline,
    pictures,
    questions,
    reader,
    tokens,
)

PARTS = (
    *(labpages, directives, offers, reader, questions, maps, front, tokens, interactive),
    *(inpage, accessible, pictures, languages, contributing, links, offline),
)


def setup(app) -> dict:
    """Called by Sphinx (see extra_extensions in _config.yml)."""
    app.add_config_value("edition", "full", "env", types=[str])
    # Sphinx does not look at these by itself: pages are read anew when this code changes, written anew when a static file does.
    app.add_config_value("site_code", _hash_of(Path(__file__).parent.glob("*.py")), "env", types=[str])
    app.add_config_value("site_static", _hash_of((BOOK / "_static").iterdir()), "html", types=[str])
    app.add_config_value("site_relations", facts.relations(), "env", types=[str])
    for part in PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _hash_of(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
