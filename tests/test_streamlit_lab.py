"""The page that the lab dev-streamlit builds, in a real browser: drawing, clearing, uploading, and what it must not do."""

import subprocess
import sys

import pytest
from conftest import surroundings

from labwright import source
from labwright.prove.lab import definitions

SERVE = """
APP = Path("digit-app")
save_classifier(APP / "classifier", train_network(*[digits()[part] for part in (0, 2)], 8, 0), 1.5)
write_app(APP, APP / "classifier")
with serving(APP) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the reference's page is served, as long as these tests run."""
    folder = tmp_path_factory.mktemp("visitors")
    cells = [cell.code for cell in definitions(source.solved("dev-streamlit"), ())]
    (folder / "serve.py").write_text("\n\n\n".join([*cells, SERVE]), encoding="utf-8")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "serve.py"], cwd=folder, env=surroundings(), **pipes) as server:
        lines = iter(server.stdout.readline, "")
        yield next(line.strip() for line in lines if line.startswith("http://127.0.0.1:"))
        server.stdin.close()
        assert server.wait(60) == 0


@pytest.fixture
def tab(browser, address):
    """A tab with the page in it; it fails if the page asks another computer for anything, or throws an error."""
    tab, elsewhere, errors = browser.new_page(viewport={"width": 800, "height": 1100}), [], []
    tab.on("request", lambda request: elsewhere.append(request.url) if "//127.0.0.1:" not in request.url else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(address)
    tab.get_by_text("Nothing is drawn yet.").wait_for(timeout=60_000)
    yield tab
    tab.close()
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []
    assert errors == []


def stroke(tab, corners) -> None:
    """Draw through the corners, pixels on the canvas."""
    box = tab.locator("canvas[role=img]").bounding_box()
    tab.mouse.move(box["x"] + corners[0][0], box["y"] + corners[0][1])
    tab.mouse.down()
    for x, y in corners[1:]:
        tab.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    tab.mouse.up()


def ink(tab) -> int:
    """How many pixels of the canvas are dark."""
    count = "canvas => { const d = canvas.getContext('2d').getImageData(0, 0, 280, 280).data; let n = 0; "
    return tab.locator("canvas[role=img]").evaluate(count + "for (let i = 0; i < d.length; i += 4) n += d[i] < 128; return n; }")


def test_a_drawing_is_answered_kept_and_cleared(tab):
    stroke(tab, [(70, 60), (210, 60), (120, 230)])
    answer = tab.get_by_test_id("stMetricValue")
    assert answer.inner_text(timeout=30_000).strip() in [*"0123456789", "not sure"]
    before = ink(tab)
    assert before > 2000  # the run of the page has not wiped the drawing
    stroke(tab, [(90, 150), (190, 150)])
    tab.get_by_text("So far:").filter(has_text=",").wait_for(timeout=30_000)  # two pictures, two lines
    assert ink(tab) > before
    tab.get_by_role("button", name="Clear the drawing").click()
    tab.get_by_text("Nothing is drawn yet.").wait_for(timeout=30_000)
    assert ink(tab) == 0
    assert answer.count() == 0


def test_a_pdf_that_is_called_png_gets_kind_words(tab):
    tab.locator("input[type=file]").set_input_files({"name": "tax.png", "mimeType": "image/png", "buffer": b"%PDF-1.7"})
    tab.get_by_text("This is not a picture that I can open.").wait_for(timeout=30_000)
    assert "Traceback" not in tab.inner_text("body")


def test_the_page_can_be_used_without_seeing_it(tab):
    for role, name in (
        ("img", "Drawing area for one digit"),
        ("slider", "Name a digit only if at least this sure"),
        ("heading", "Which digit is it?"),
    ):
        tab.get_by_role(role, name=name).wait_for(timeout=30_000)  # a second one of the name would be an error
