"""The command line of authors, teachers and CI: `labwright`. Each module holds the commands of one kind of work."""

import sys

from rich.console import Console

from labwright.cli import book, grading, labs, runs  # noqa: F401  (they register their commands)
from labwright.cli.shared import app
from scratchlab.errors import ScratchlabError


def main() -> None:
    """Run the command line; errors meant for people are printed without a traceback and end with exit code 2."""
    try:
        app()
    except ScratchlabError as error:
        Console(stderr=True, soft_wrap=True).print(f"Error: {error}", style="red", highlight=False, markup=False)
        sys.exit(2)
