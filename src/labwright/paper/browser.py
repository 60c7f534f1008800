"""Chromium or Chrome without a window: what prints the book, and what tests look at it with."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from scratchlab.errors import ScratchlabError

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]


@contextmanager
def chromium() -> Iterator:
    """A running browser: the machine's own, else Playwright's. Errors: ScratchlabError if there is none."""
    from playwright.sync_api import Error, sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error as error:
            raise ScratchlabError(f"No browser: install chromium, or run `playwright install chromium`. {error}") from error
        try:
            yield running
        finally:
            running.close()
