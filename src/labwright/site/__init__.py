"""The Sphinx extension of the book: pages of labs from executed notebooks, and what the curriculum generates."""

import hashlib
from pathlib import Path

from labwright.site import directives, labpages, offline


def setup(app) -> dict:
    """Called by Sphinx (see extra_extensions in _config.yml)."""
    app.add_config_value("edition", "full", "env", types=[str])
    app.add_config_value("site_code", _code_hash(), "env", types=[str])  # Sphinx then makes every page anew when this code changes
    labpages.setup(app)
    directives.setup(app)
    offline.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _code_hash() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()
