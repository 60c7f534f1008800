"""The command that the kernelspec calls."""

import argparse
import sys
from pathlib import Path

from labwright.grading.sandbox import backends
from labwright.grading.sandbox.guard import run_kernel
from scratchlab.errors import ScratchlabError


def main() -> int:
    """Returns the exit code: the kernel's, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labwright.grading.sandbox", description="Run a Jupyter kernel locked in.")
    parser.add_argument("-f", metavar="CONNECTION_FILE", type=Path, dest="connection")
    parser.add_argument("--probe", action="store_true", help="say which backend works on this machine")
    asked = parser.parse_args()
    try:
        if asked.connection:
            return run_kernel(asked.connection.absolute())
        print(backends.probe().name)
        return 0
    except ScratchlabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
