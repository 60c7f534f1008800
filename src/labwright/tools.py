"""What the site and its tests fetch for themselves (tools.toml): by the same means as a lab's data, and apart from it.

Labs run again when scratchlab or its manifest changes; a new version of what only the site uses should not make them.
"""

from functools import cache
from pathlib import Path

from scratchlab import data


@cache
def manifest() -> dict[str, data.DataSet]:
    """All tools by name."""
    return data.read_manifest(Path(__file__).with_name("tools.toml"))


def get(name: str) -> Path:
    """The folder of the tool `name`, fetched if it is not here. Errors: scratchlab.data.DataError where it cannot be."""
    return data.obtain(manifest()[name])
