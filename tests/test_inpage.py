"""Labs that are tried in their page: in a real browser, with Python and NumPy from the site itself."""

import ast
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from conftest import ROOT

from labwright import source, tools
from labwright.paths import LABS
from labwright.site import build as site
from labwright.site import inpage, inpagefiles, labpages, pagekernel, runnable
from scratchlab.data import DataError
from scratchlab.labs import known_labs

PERCEPTRON = "labs/nn-perceptron/nn-perceptron"
OFFERED = [slug for slug in known_labs() if runnable.lab(slug)]


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"
    if not (site.SITE / "_static" / "inpage").is_dir():
        assert not os.environ.get("CI"), "in CI Python for the page can be had"
        pytest.skip("the site was built without Python for its pages: npm is needed once")


class Live:
    """A lab's page in which Python is wanted. `problems` are errors, and requests to another host."""

    def __init__(self, page, address: str, slug: str):
        self.page, self.url, self.problems, self.asked = page, f"{address}/labs/{slug}/{slug}.html", [], []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(self.url)

    def begin(self) -> "Live":
        self.page.get_by_role("button", name="Try it here").click()
        self.page.locator(".inpage-live").first.wait_for()
        return self

    def cell(self, name: str):
        return self.page.locator(f".cell.tag_inpage-{name}")

    def answer(self, task: str):
        return self.page.get_by_label(f"Your answer: {task}")

    def status(self) -> str:
        return self.page.locator(".inpage-status").inner_text()

    def run(self, name: str, button: str = "Run|Run my answer|Check my answer") -> str:
        """Press a cell's button, wait until Python rests, and return what the cell shows."""
        self.cell(name).get_by_role("button", name=re.compile(f"^({button})$")).click()
        self.page.wait_for_function("![...document.querySelectorAll('.inpage-bar button')].some(each => each.textContent === 'Stop')")
        return self.cell(name).locator(".inpage-output").inner_text()


@pytest.fixture(scope="module")
def perceptron(browser, address):
    """The page of nn-perceptron with Python running, for tests that leave no trace in each other's answers."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(120_000)
    yield Live(context.new_page(), address, "nn-perceptron").begin()
    context.close()


def solutions(slug: str) -> dict[str, str]:
    return {cell.id: cell.source for cell in source.solved(slug).cells if cell.metadata.get("nbgrader", {}).get("solution")}


def wrong(name: str) -> tuple[str, list[str]]:
    """A wrong answer, and what its author must hear."""
    text = (LABS / "nn-perceptron" / "wrong" / f"{name}.py").read_text(encoding="utf-8")
    return text, re.findall(r"^# hears: (.+)$", text, re.MULTILINE)


# ---- in the browser


def test_nothing_is_loaded_until_the_button_is_pressed_and_then_from_this_site_alone(browser, address):
    context = browser.new_context()
    context.set_default_timeout(120_000)
    live = Live(context.new_page(), address, "nn-perceptron")
    live.page.wait_for_load_state("networkidle")
    assert not [url for url in live.asked if "/inpage/" in url]
    live.begin()
    live.page.wait_for_function("document.querySelector('.inpage-status').textContent === 'Python is ready.'")
    assert any(url.endswith("pyodide.asm.wasm") for url in live.asked)
    assert [url for url in live.asked if not url.startswith((address, "data:", "blob:"))] == [] and live.problems == []
    context.close()


def test_a_task_is_solved_in_the_page(perceptron):
    told = perceptron.run("check-predict")
    assert "predict: not attempted yet, 0 of 1 points" in told and "✗" not in told
    perceptron.answer("predict").fill(solutions("nn-perceptron")["predict"])
    assert re.search(r"predict: (\d) of \1 properties hold, 1 of 1 points", perceptron.run("check-predict"))
    assert perceptron.status().startswith("predict: ") and not perceptron.problems


@pytest.mark.parametrize("name", ["predict_no_bias", "predict_sign"])
def test_a_wrong_answer_hears_what_its_author_must_hear(perceptron, name):
    text, hears = wrong(name)
    perceptron.answer("predict").fill(text)
    told = perceptron.run("check-predict")
    assert hears and all(words in told for words in hears) and "✗" in told
    assert "Hint 1: First a score" in perceptron.run("check-predict", "A hint")
    assert "Hint 2: " in perceptron.run("check-predict", "A hint")


def test_a_comparison_with_a_library_that_is_not_here_costs_nothing(perceptron):
    for task, text in solutions("nn-perceptron").items():
        if task in ("predict", "update", "train"):
            perceptron.answer(task).fill(text)
    told = perceptron.run("check-train")
    assert "7 of 7 properties hold" in told and "1 more: the comparison with a library" in told and "sklearn" not in told


def test_a_cell_brings_what_it_needs_and_a_changed_answer_makes_it_run_again(perceptron):
    right = solutions("nn-perceptron")
    perceptron.answer("predict").fill(right["predict"])
    perceptron.answer("update").fill(right["update"])
    shows = next(cell["id"] for cell in runnable.lab("nn-perceptron") if cell["source"].startswith("show_visits(CORNERS, OR"))
    first = perceptron.run(shows)
    assert "epoch 5" in first and "mistake: now w" in first
    perceptron.answer("update").fill("def update(w, b, x, y):\n    return w, b, False")
    assert "mistake" not in perceptron.run(shows)
    perceptron.answer("update").fill("def update(w, b, x, y)\n    return")
    assert "Not run: a cell above that this one needs stopped with an error." in perceptron.run(shows)
    assert "SyntaxError: expected ':'" in perceptron.cell("update").locator(".inpage-output").inner_text()


def test_large_arrays_have_intermediate_results(perceptron):
    """From 256 kB on NumPy asks the C library who called it; Pyodide's has no answer (see inpage-worker.js)."""
    perceptron.answer("predict").fill("a = np.ones((1000, 1000))\nprint('sum', (a + a * 2 + a - 3 * a).sum())")
    assert perceptron.run("predict").strip() == "sum 1000000.0"


def test_errors_floods_and_hostile_reports_stay_where_they_are(perceptron):
    perceptron.answer("predict").fill("x = 1\nx / 0")
    told = perceptron.run("predict")
    assert 'File "cell predict", line 2' in told and "ZeroDivisionError" in told and "pagekernel" not in told
    perceptron.answer("predict").fill("for number in range(20_000): print(number)")
    assert "(cut here)" in perceptron.run("predict")
    evil = "<p onclick='x'>fine<img src=x onerror='window.bad = 1'><script>window.bad = 1</script></p>"
    bundle = {"application/vnd.scratchlab.check+json": {}, "text/html": evil}
    perceptron.answer("predict").fill(f"from IPython.display import display\ndisplay({bundle!r}, raw=True)")
    assert "fine" in perceptron.run("predict")
    report = perceptron.cell("predict").locator(".scratchlab-check")
    assert report.locator("img, script").count() == 0 and report.locator("p").evaluate("each => each.attributes.length") == 0
    assert perceptron.page.evaluate("window.bad") is None


def test_a_figure_is_named_and_a_cell_without_its_library_says_so(perceptron):
    right = solutions("nn-perceptron")
    for task in right.keys() - {"answer-no-line"}:
        perceptron.answer(task).fill(right[task])
    cells = runnable.lab("nn-perceptron")
    drawing = next(cell["id"] for cell in cells if "no unit of the grid gets more" in cell["source"])
    told = perceptron.run(drawing)
    assert "Holds: no unit of the grid gets more than three" in told and "[figure] In the page nothing is drawn" in told
    left = next(cell["id"] for cell in cells if cell["source"].startswith("def zeros_and_ones"))
    assert "In your notebook only: this needs scikit-learn" in perceptron.cell(left).inner_text()
    assert perceptron.cell(left).locator(".inpage-bar button").count() == 0


def test_a_loop_without_end_is_stopped_and_the_page_goes_on(perceptron):
    perceptron.answer("predict").fill("while True:\n    pass")
    perceptron.cell("predict").get_by_role("button", name="Run my answer").click()
    assert perceptron.cell("check-predict").get_by_role("button", name="Check my answer").is_disabled()
    perceptron.page.wait_for_function("document.querySelector('.inpage-status').textContent === 'Running …'")
    perceptron.cell("predict").get_by_role("button", name="Stop").click()
    assert "Stopped." in perceptron.cell("predict").inner_text()
    perceptron.answer("predict").fill(solutions("nn-perceptron")["predict"])
    assert "1 of 1 points" in perceptron.run("check-predict") and perceptron.problems == []


def test_the_keys_of_the_editor(perceptron):
    area, keyboard = perceptron.answer("predict"), perceptron.page.keyboard
    area.fill("")
    area.press_sequentially("def predict(X, w, b):\nif True:\nreturn 1")
    assert area.input_value() == "def predict(X, w, b):\n    if True:\n        return 1"
    keyboard.press("Shift+Tab")
    assert area.input_value().endswith("\n    return 1")
    keyboard.press("Control+A")
    keyboard.press("Tab")
    assert area.input_value() == "    def predict(X, w, b):\n        if True:\n        return 1"
    keyboard.press("Control+Z")
    assert area.input_value() == "def predict(X, w, b):\n    if True:\n    return 1"
    keyboard.press("Escape")
    keyboard.press("Tab")
    assert perceptron.page.evaluate("document.activeElement.textContent") == "Run my answer"
    area.fill("print('by', 'hand')")
    area.press("Shift+Enter")
    perceptron.page.wait_for_function("document.querySelector('.tag_inpage-predict .inpage-output')?.innerText.includes('by hand')")


def test_what_was_written_is_there_after_a_reload_and_in_the_notebook(perceptron):
    written = "def predict(X, w, b):\n    return 'my own'  # <&>"
    perceptron.answer("predict").fill(written)
    perceptron.cell("bound").get_by_role("button", name="Start this answer over").click()
    perceptron.page.reload()
    perceptron.begin()
    assert perceptron.answer("predict").input_value() == written
    with perceptron.page.expect_download() as saved:
        perceptron.page.get_by_role("button", name="Download as a notebook").click()
    notebook = nbformat.read(saved.value.path(), as_version=4)
    nbformat.validate(notebook)
    sources = {cell.id: cell.source for cell in notebook.cells}
    stub = {cell.id: cell for cell in source.learner("nn-perceptron").cells}
    assert sources["predict"] == written and sources["bound"] == stub["bound"].source and sources.keys() == stub.keys()
    assert (
        all(cell.metadata == stub[cell.id].metadata for cell in notebook.cells) and saved.value.suggested_filename == "nn-perceptron.ipynb"
    )
    context = perceptron.page.context.browser.new_context()
    other = Live(context.new_page(), perceptron.url.partition("/labs/")[0], "nn-perceptron").begin()
    assert "NotImplementedError" in other.answer("predict").input_value()
    context.close()


def test_everyone_can_use_it_in_light_and_dark_and_on_a_phone(perceptron):
    perceptron.answer("predict").fill(wrong("predict_no_bias")[0])
    perceptron.run("check-predict")
    perceptron.answer("update").fill("1 / 0")
    perceptron.run("update")
    page = perceptron.page
    page.evaluate((tools.get("axe") / "package" / "axe.min.js").read_text(encoding="utf-8"))
    look = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
        .filter(each => ["serious", "critical"].includes(each.impact)).map(each => `${each.id}: ${each.nodes[0].html}`)"""
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert page.evaluate(look) == [], theme
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("slug", [slug for slug in OFFERED if slug == "nn-xor" or os.environ.get("EVERY_PAGE")])
def test_every_task_of_a_lab_that_is_offered_can_be_done(browser, address, slug):
    """What `runnable` concludes from imports, tried: every night for all labs."""
    context = browser.new_context()
    context.set_default_timeout(300_000)
    live = Live(context.new_page(), address, slug).begin()
    right = solutions(slug)
    for cell in runnable.lab(slug):
        if cell["kind"] == "answer":
            live.answer(cell["id"]).fill(right[cell["id"]])
        elif cell["kind"] == "check":
            assert re.search(r": (\d+) of \1 properties hold", live.run(cell["id"])), cell["id"]
    assert live.problems == []
    context.close()


def test_from_a_folder_the_page_says_what_is_needed(browser):
    page = browser.new_page()
    page.goto((site.SITE / f"{PERCEPTRON}.html").as_uri())
    assert "make serve" in page.locator(".inpage").inner_text() and page.get_by_role("button", name="Try it here").count() == 0
    page.close()


# ---- which labs, which cells


def test_labs_are_offered_by_what_they_import():
    assert {"nn-perceptron", "nn-xor"} <= set(OFFERED)
    for slug in known_labs():
        page = (site.SITE / "labs" / slug / f"{slug}.html").read_text(encoding="utf-8")
        assert ('class="inpage ' in page) == (slug in OFFERED) == ("inpage.js" in page)
        if slug in OFFERED:
            imported = {node.module for cell in runnable.lab(slug) if not cell["lacks"] for node in ast.walk(ast.parse(cell["source"]))
                        if isinstance(node, ast.ImportFrom)}  # fmt: skip
            assert not {"sklearn.datasets", "torch", "torch.nn"} & imported


def test_a_cell_lacks_what_it_uses_from_a_cell_that_is_left_out():
    cells = {cell.source: cell for cell in runnable.cells("nn-xor")}
    by_start = {start: next(cell for text, cell in cells.items() if text.startswith(start)) for start in (
        "def digit_pairs", "X_train, t_train", "def torch_twin", "def show_hidden", "def forward", 'check("forward")')}  # fmt: skip
    assert [cell.lacks for cell in by_start.values()] == ["scikit-learn", "scikit-learn", "PyTorch", "", "", ""]


@pytest.mark.parametrize(
    ("text", "defines", "uses"),
    [
        ("x = y + 1", {"x"}, {"y"}),
        ("def f(w, k=d):\n    return w + v", {"f"}, {"d", "v"}),
        ("import a.b, c as e\nfrom g import h", {"a", "e", "h"}, set()),
        ("class C(B):\n    n = m\n    def go(self):\n        return self.n + o", {"C"}, {"B", "m", "o"}),
        ("z = [i * q for i in r]", {"z"}, {"q", "r"}),
        ("def f():\n    global s\n    s = t", {"f", "s"}, {"t"}),
        ("(a, *b), c[0] = d", {"a", "b"}, {"c", "d"}),
        ("n += 1\nk = n", {"n", "k"}, {"n"}),
        ("n = 1\nk = n", {"n", "k"}, set()),
        ("def f():\n    return g()\ndef g():\n    return h", {"f", "g"}, {"h"}),
    ],
)
def test_names_that_a_cell_defines_and_uses(text, defines, uses):
    assert pagekernel.names(text) == (defines, uses)


KERNEL = """
import json, sys
import labwright.site.pagestandins
sys.modules["pagestandins"] = labwright.site.pagestandins  # as in the page, where they lie side by side
from labwright.site.pagekernel import Kernel
from labwright.site.runnable import Cell
from dataclasses import asdict
texts = json.loads(sys.argv[1])
said = []
kernel = Kernel("nn-perceptron", [asdict(Cell(name, "given", text)) for name, text in texts.items()], lambda *all: said.append(all))
for name, *changed in json.loads(sys.argv[2]):
    said.clear()
    kernel.run(name, dict([changed]) if changed else {})
    print(json.dumps([[each for kind, each, _ in said if kind == "running"], "".join(text for kind, _, text in said if kind == "text")]))
"""


def test_a_cell_runs_with_what_is_out_of_date_above_it_and_nothing_else():
    texts = {"a": "x = 1", "b": "y = x + 1", "c": "z = 5", "d": "print(x, y)", "e": "x = 100", "f": "print(x)"}
    steps = [["d"], ["d"], ["f"], ["d"], ["c"], ["d", "a", "x = 2"], ["f"]]
    done = subprocess.run([sys.executable, "-c", KERNEL, json.dumps(texts), json.dumps(steps)], capture_output=True, text=True, cwd=ROOT)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        [["a", "b", "d"], "1 2\n"],
        [["d"], "1 2\n"],  # all is fresh
        [["e", "f"], "100\n"],  # the nearest above
        [["a", "b", "d"], "1 2\n"],  # e has given x another meaning
        [["c"], ""],
        [["a", "b", "d"], "2 3\n"],  # a is another
        [["e", "f"], "100\n"],
    ], done.stderr


# ---- the switch


def test_without_the_downloads_the_site_is_built_without_it(monkeypatch, tmp_path):
    def refuse(name):
        raise DataError(f"no {name}")

    monkeypatch.setattr(inpagefiles.tools, "get", refuse)
    config = SimpleNamespace(try_in_page=True, language="en", html_static_path=[])
    left = tmp_path / "_static" / "inpage" / "book.zip"
    left.parent.mkdir(parents=True)
    left.touch()
    tags: set[str] = set()
    inpage.provide(SimpleNamespace(outdir=str(tmp_path), tags=tags), config)
    assert config.try_in_page is False and config.html_static_path == [] and tags == set() and not left.exists()


@pytest.mark.parametrize("on", [True, False])
def test_turned_off_it_leaves_no_trace(on, monkeypatch, tmp_path):
    monkeypatch.setattr(inpagefiles, "write", lambda: None)
    left, tags = tmp_path / "_static" / "inpage" / "book.zip", set()
    left.parent.mkdir(parents=True)
    left.touch()
    config = SimpleNamespace(try_in_page=on, language="en", html_static_path=[], edition="full")
    inpage.provide(SimpleNamespace(outdir=str(tmp_path), tags=tags), config)
    assert left.exists() == on and tags == ({"try_in_page"} if on else set()) and len(config.html_static_path) == on
    page = [""]
    labpages.replace_with_executed(SimpleNamespace(config=config, env=SimpleNamespace(note_dependency=lambda path: None)), PERCEPTRON, page)
    assert len(page[0]) > 10_000 and ("inpage" in page[0]) == on
    added: list[str] = []
    app = SimpleNamespace(add_css_file=added.append, add_js_file=lambda name, **_: added.append(name))
    inpage.add_scripts(app, PERCEPTRON, "", {"body": '<div class="inpage d-print-none"></div>' if on else "<div></div>"}, None)
    assert added == (["inpage.css", "inpage-editor.js", "inpage-cell.js", "inpage.js"] if on else [])


def test_the_first_steps_speak_of_it_where_it_is():
    for page in ("book/guides/start", "es/book/guides/start"):
        assert "Try it here" in (site.SITE / f"{page}.html").read_text(encoding="utf-8")
