"""Try it in the page: on a lab that `runnable` finds fit, a place for inpage.js, and marks on the cells that it takes over.

`try_in_page: false` in _config.yml turns it off. Without npm and without its downloads in the cache, the site is built without it.
"""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.util import logging

from labwright.site import inpagefiles, runnable
from scratchlab.data import DataError

logger = logging.getLogger(__name__)


def setup(app) -> None:
    """Register the switch and the events."""
    app.add_config_value("try_in_page", True, "env", types=[bool])
    app.connect("config-inited", provide)
    app.connect("html-page-context", add_scripts, priority=400)  # before offline.drop_thebe, which looks at the list of scripts


def provide(app, config) -> None:
    """Put the files where Sphinx takes static files from, or turn the feature off. Translated pages may speak of it, and use no file."""
    try:
        if config.try_in_page:
            inpagefiles.write()
    except DataError as error:
        logger.info("Labs cannot be tried in their pages: %s", error)
        config.try_in_page = False
    if not config.try_in_page:
        shutil.rmtree(Path(app.outdir) / "_static" / "inpage", ignore_errors=True)  # of an earlier build
        return
    app.tags.add("try_in_page")  # for {only} in pages
    if config.language == "en":
        config.html_static_path.append(str(inpagefiles.STATIC))


def mark(slug: str, notebook: NotebookNode) -> None:
    """Give the page of a lab that can be tried its place for the script, and each code cell a class by which it is found."""
    found = runnable.lab(slug)
    if found is None:
        return
    known = {cell["id"] for cell in found}
    answers = {cell["id"] for cell in found if cell["kind"] == "answer"}  # of these, the stub is taken over, and not the solution
    for cell in notebook.cells:
        name = cell.id.removesuffix("-stub")
        if cell.cell_type == "code" and name in known and cell.id not in answers:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), f"inpage-{name}"]
    size = sum(path.stat().st_size for path in inpagefiles.STATIC.rglob("*.*") if path.parent.name != "labs") / 1e6
    html = f'<div class="inpage d-print-none" data-lab="{slug}" data-megabytes="{size:.0f}" hidden></div>'
    after = next(number for number, cell in enumerate(notebook.cells) if cell.id == "lab-card")
    notebook.cells.insert(after + 1, nbformat.v4.new_markdown_cell(f"```{{raw}} html\n{html}\n```", id="inpage"))


def add_scripts(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The scripts and the style of a page that has such a place."""
    if '<div class="inpage ' in context.get("body", ""):
        app.add_css_file("inpage.css")
        for name in ("inpage-editor.js", "inpage-cell.js", "inpage.js"):
            app.add_js_file(name, priority=600, loading_method="defer")
