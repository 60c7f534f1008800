"""The Sphinx extension of the book: pages of labs from executed notebooks, and what the curriculum generates."""

from labwright.site import directives, labpages, offline


def setup(app) -> dict:
    """Called by Sphinx (see extra_extensions in _config.yml)."""
    app.add_config_value("edition", "full", "env", types=[str])
    labpages.setup(app)
    directives.setup(app)
    offline.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
