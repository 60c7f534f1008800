"""Pictures that a page carries inside itself become files beside it: pages stay light, and a picture is fetched once."""

import base64
import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.osutil import relative_uri

INLINE = re.compile(r'src="data:image/(png|jpeg|gif|webp|svg\+xml);base64,([^"]+)"')


def setup(app) -> None:
    """Register the event."""
    app.connect("doctree-resolved", move_out)


def move_out(app, doctree: nodes.document, docname: str) -> None:
    """Write every picture of the page to the folder of images, under the hash of its content, and point to it there."""
    if app.builder.format != "html":
        return
    folder = Path(app.builder.outdir) / "_images"
    uri = relative_uri(app.builder.get_target_uri(docname), "_images")
    for node in list(doctree.findall(nodes.raw)):
        text = INLINE.sub(lambda found: f'src="{uri}/{_kept(folder, *found.groups())}"', node.astext())
        if text != node.astext():
            node.replace_self(nodes.raw("", text, format=node["format"]))


def _kept(folder: Path, kind: str, encoded: str) -> str:
    """The name of the file that holds the picture from now on."""
    picture = base64.b64decode(encoded)
    path = folder / f"{hashlib.sha256(picture).hexdigest()[:16]}.{kind.partition('+')[0]}"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    return path.name
