"""What the tests share: a small checkout with one scaffolded lab, and the command line as a user calls it."""

import os
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scratchlab.errors import ScratchlabError

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def call(*command, cwd=ROOT, **environment) -> subprocess.CompletedProcess:
    """Run a command of this environment; output is text. Variables given as None are unset."""
    merged = surroundings(**environment)
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=merged, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900
    )


def surroundings(**environment: str | None) -> dict[str, str]:
    """The variables with which a command of this environment is found. Those given as None are unset."""
    merged = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"} | environment
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture
def checkout(tmp_path):
    """A checkout (in a path with a space) that holds one small lab, 'demo'. Call it to run a command inside."""
    folder = tmp_path / "a checkout"
    (folder / "labs").mkdir(parents=True)
    (folder / "src" / "scratchlab").mkdir(parents=True)
    (folder / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copy(ROOT / "book" / "curriculum.yml", folder / "book")

    class Checkout:
        path = folder
        lab = folder / "labs" / "demo"

        def __call__(self, *command, **environment):
            return call(*command, cwd=folder, SCRATCHLAB_LABS=None, **environment)

        def edit(self, name: str, old: str, new: str) -> None:
            text = (self.lab / name).read_text()
            assert old in text, f"{old!r} is not in {name}"
            (self.lab / name).write_text(text.replace(old, new))

    made = Checkout()
    done = made("labwright", "new", "demo", "--title", "Demo")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def browser():
    """Chromium or Chrome without a window. Where there is none its tests are skipped; in CI that is a failure."""
    from labwright.paper.browser import chromium

    with ExitStack() as stack:
        try:
            running = stack.enter_context(chromium())
        except ScratchlabError as error:
            if os.environ.get("CI"):
                pytest.fail(f"in CI a browser must be there: {error}")
            pytest.skip("no browser: install chromium, or run `playwright install chromium`")
        yield running


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and keeps silent about it."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    """Where the site is served."""
    from labwright.site.build import SITE

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser, address):
    """Open a page of the site; requests to anywhere else are refused, and they and errors in the console are kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route(lambda url: not url.startswith(address), lambda route: route.abort())
    context.set_default_timeout(120_000)  # a machine may be busy; nothing here is about speed
    page = context.new_page()
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: page.problems.append(request.url) if not request.url.startswith((address, "data:")) else None)

    def visit(name: str):
        page.goto(f"{address}/{name}.html")
        page.wait_for_load_state("networkidle")
        return page

    yield visit
    context.close()
