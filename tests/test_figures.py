"""Figures and questions: one set of colors, words for who does not see them, and something to try that works without a server."""

import ast
import base64
import importlib.util
import itertools
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from labwright.site import build as site
from labwright.site import questions, tokens
from scratchlab.labs import known_labs
from scratchlab.plot import COLORS, NEUTRAL, STYLE

STATIC = ROOT / "book" / "_static"
PAGES = sorted((ROOT / "book").rglob("*.md"))
DRAWN = sorted([*(ROOT / "book").rglob("figures/*.svg"), *(ROOT / "book" / "interactive").glob("*.svg")])
NAMES = ("attention", "descent", "tokenizer")
WHERE = {
    "attention": "book/foundations/phase-3/week-10",
    "descent": "book/foundations/phase-1/week-03",
    "tokenizer": "book/advanced/phase-2/week-08",
}


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


# ---- one set of colors


def grounds() -> dict[str, str]:
    """The grounds of pages and of cards, light and dark, as the theme's own style has them (what comes last holds)."""
    import pydata_sphinx_theme
    import sphinx_book_theme

    text = ""
    for theme in (pydata_sphinx_theme, sphinx_book_theme):
        for path in sorted(Path(theme.__file__).parent.rglob("static/styles/*theme.css")):
            text += path.read_text(encoding="utf-8")
    found = {}
    for mode, rules in re.findall(r"html\[data-theme=\"?(light|dark)\"?\]\{([^}]*)\}", text):
        for name, color in re.findall(r"--pst-color-((?:on-)?background):(#[0-9a-fA-F]{3,6})\b", rules):
            found[f"{mode} {name}"] = color if len(color) == 7 else "#" + "".join(2 * each for each in color[1:])
    return found


def test_every_color_reads_on_every_ground():
    assert len(grounds()) == 4
    for color in {*COLORS, NEUTRAL}:
        for name, ground in grounds().items():
            assert tokens.contrast(color, ground) >= 3, f"{color} on {name}, {ground}"


def test_contrast_is_that_of_the_standard():
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert tokens.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_sites_colors_are_those_of_the_labs():
    text = (site.SITE / "_static" / "tokens.css").read_text(encoding="utf-8")
    assert text == tokens.css()
    assert re.findall("#[0-9A-Fa-f]{6}", text) == list(COLORS) and f"{STYLE['font.size'] * 100 / 72:.3g}px" in text


def test_no_style_or_script_brings_a_color_of_its_own():
    for path in STATIC.iterdir():
        if path.suffix in (".css", ".js") and path.is_file():
            text = re.sub(r"--pst-[\w-]+:[^;]*;", "", path.read_text(encoding="utf-8"))  # the theme's own colors may be corrected
            own = re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{};]*\{)|\brgba?\(|\bhsla?\(", text)
            assert own == [], path.name


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_a_drawn_figure_uses_only_these_colors(path):
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"(?:fill|stroke|color|stop-color)\s*[=:]\s*[\"']?\s*([#\w()-]+)", text)
    assert {color.upper() for color in used} - {"NONE", "CURRENTCOLOR"} <= {*map(str.upper, COLORS), NEUTRAL.upper()}


# ---- words for who does not see them


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_figure_of_a_page_has_an_alternative_text(path):
    text = path.read_text(encoding="utf-8")
    for block in re.findall(r"^(?:`{3,}|:{3,})\{(?:figure|image|interactive)\}.*?^(?:`{3,}|:{3,})$", text, re.MULTILINE | re.DOTALL):
        alt = re.search(r"^:alt: (.+)$", block, re.MULTILINE)
        assert alt and len(alt.group(1)) >= 40, block[:80]
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]{20})", prose), "a picture without words"


@pytest.mark.parametrize("slug", known_labs())
def test_every_figure_of_a_lab_has_an_alternative_text(slug):
    """The functions of scratchlab.plot ask for `alt`; here it must say something, and no figure may be made past them."""
    tree = ast.parse((ROOT / "labs" / slug / "lab.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = [each.value for call in calls for each in call.keywords if each.arg == "alt"]
    assert given, "a lab shows something"
    for words in given:
        if isinstance(words, ast.Constant):
            assert len(words.value) >= 40, words.value
    names = {ast.unparse(call.func) for call in calls}
    assert not names & {"plt.show", "plt.figure", "plt.subplots", "plt.plot", "plt.imshow"}


# ---- questions


def asked() -> list:
    """Every question of the book, with its page."""
    found = []
    for path in PAGES:
        blocks = re.findall(r"^(`{3,}|:{3,})\{question\} (.+?)\n(.*?)^\1$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        found += [pytest.param(body, id=f"{path.stem}: {title[:40]}") for _, title, body in blocks]
    return found


@pytest.mark.parametrize("body", asked())
def test_every_option_of_every_question_is_explained(body):
    found = list(questions.options(body.splitlines()))
    assert any(right for right, *_ in found) and not all(right for right, *_ in found)
    for _, option, explanation in found:
        assert len(explanation) >= 25 and explanation != option, option


@pytest.mark.parametrize("body", ["- [ ] no\n  why not\n", "- [ ] no\n  why\n- [ ] neither\n  why\n", "- [x] yes\n- [ ] no\n  why\n", ""])
def test_a_question_that_leaves_a_reader_alone_is_refused(body):
    with pytest.raises(Exception, match=r"right|explanation"):
        list(questions.options(body.splitlines()))


def test_a_question_works_by_keyboard_and_for_a_screen_reader(open_page):
    page = open_page("book/foundations/phase-1/week-01")
    group = page.get_by_role("group", name=re.compile("^A neuron has weights"))
    assert group.count() == 1
    first = group.locator("summary").first
    first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert first.evaluate("each => each === document.activeElement")
    ring = first.evaluate("each => { const style = getComputedStyle(each); return [style.outlineStyle, parseFloat(style.outlineWidth)]; }")
    assert ring[0] == "solid" and ring[1] >= 2
    page.keyboard.press("Enter")
    assert group.locator("details").first.get_attribute("open") is not None
    assert re.match(r"(Right|No)\.", group.locator("details .sd-card-body").first.inner_text())


# ---- figures to try: the numbers


def maker(name: str):
    """A module of book/interactive, which is no package."""
    folder = ROOT / "book" / "interactive"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(f"interactive_{name}", folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(folder))


def numbers(name: str) -> dict:
    return json.loads((ROOT / "book" / "interactive" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_small_and_the_still_picture_shows_them(name):
    assert (ROOT / "book" / "interactive" / f"{name}.json").stat().st_size < 100_000
    assert (ROOT / "book" / "interactive" / f"{name}.svg").read_text(encoding="utf-8") == maker(name).still(numbers(name))


def test_the_paths_of_descent_are_what_is_computed():
    made = maker("descent").data()
    for case, kept in zip(made["cases"], numbers("descent")["cases"], strict=True):
        assert case["rates"] == kept["rates"] and case["best"] == kept["best"]
        np.testing.assert_allclose(np.array(case["paths"]), np.array(kept["paths"]), rtol=1e-3, atol=1e-4)


def test_the_paths_of_descent_are_gradient_descent():
    """By the loss itself: its differences, not the maker's formula for the gradient."""
    kept, x, y = numbers("descent")["cases"][1], np.array([-7.0, -1, 1, 7]), np.array([104.0, 132, 148, 216])

    def loss(w, b):
        return np.mean((w * x + b - y) ** 2)

    for rate, path in zip(kept["rates"], kept["paths"], strict=True):
        for (w, b), (to_w, to_b) in itertools.pairwise(path):
            slope = [(loss(w + 1e-4, b) - loss(w - 1e-4, b)) / 2e-4, (loss(w, b + 1e-4) - loss(w, b - 1e-4)) / 2e-4]
            assert (to_w, to_b) == pytest.approx((w - rate * slope[0], b - rate * slope[1]), rel=2e-3, abs=2e-2)


def test_merges_are_learned_again_from_the_novel():
    """Merging is greedy: the first ones do not depend on how many follow."""
    module = maker("tokenizer")
    words = module.Counter(module.WORDS.findall(module.novel()))
    assert module.learn(words, 60) == numbers("tokenizer")["merges"][:60]


def test_merging_by_recounting_what_changed_is_merging():
    """Against the definition: count all pairs of neighbors anew before each merge."""
    module = maker("tokenizer")
    words = module.Counter(module.WORDS.findall("the whale, the whaler and the whole whaling ship; aaaa aaa aa " * 3))
    pieces = [(list(word.encode()), times) for word, times in words.items()]
    for new, learned in enumerate(module.learn(words, 25), 256):
        counts = module.Counter()
        for tokens_, times in pieces:
            for pair in itertools.pairwise(tokens_):
                counts[pair] += times
        best = max(counts.values())
        pair = min(pair for pair, count in counts.items() if count == best)
        assert learned == [*pair, best]
        pieces = [(module.merged(tokens_, pair, new), times) for tokens_, times in pieces]


def weights() -> tuple[dict, list[np.ndarray]]:
    kept = numbers("attention")
    shaped = []
    for sentence in kept["sentences"]:
        n = len(sentence["tokens"])
        packed = np.frombuffer(base64.b64decode(sentence["weights"]), np.uint8)
        shaped.append(packed.reshape(kept["layers"], kept["heads"], n, n) / 255)
    return kept, shaped


def test_attention_weights_are_those_of_the_model():
    kept, shaped = weights()
    module = maker("attention")
    for sentence, table, text in zip(kept["sentences"], shaped, module.SENTENCES, strict=True):
        found, exact = module.attend(text)
        assert found == sentence["tokens"]
        np.testing.assert_allclose(table, exact, atol=0.003)
        np.testing.assert_allclose(exact.sum(-1), 1, atol=1e-5)


def test_attention_is_what_transformers_computes(monkeypatch):
    """The forward pass of the maker against the library's, on the same weights."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import torch
    from transformers import AutoModel

    from scratchlab import data

    module = maker("attention")
    folder = next(data.get("minilm").glob("*/model"))
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        told = model(torch.tensor([tokenizer.encode(module.SENTENCES[0]).ids]), output_attentions=True).attentions
    np.testing.assert_allclose(module.attend(module.SENTENCES[0])[1], torch.cat(told).numpy(), atol=1e-4)


# ---- figures to try: in the browser


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_to_try_works_from_a_folder_and_is_a_picture_on_paper(browser, name):
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((site.SITE / f"{WHERE[name]}.html").as_uri())
    holder = page.locator(f".interactive-{name}")
    assert holder.locator(".live").is_visible() and not holder.locator("img").is_visible()
    assert len(holder.locator("img").get_attribute("alt")) > 40
    page.emulate_media(media="print")
    assert not holder.locator(".live").is_visible() and holder.locator("img").is_visible()
    assert problems == []
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_the_still_picture_is_there(browser, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site.SITE / f"{WHERE[name]}.html").as_uri())
    holder = page.locator(f".interactive-{name}")
    assert holder.locator("img").is_visible() and holder.locator("figcaption").is_visible()
    context.close()


def test_a_word_says_what_it_reads(open_page):
    page = open_page(WHERE["attention"])
    live = page.locator(".interactive-attention .live")
    kept, shaped = weights()
    words = kept["sentences"][0]["tokens"]
    live.get_by_role("button", name="the word before").click()
    live.locator(".words button", has_text="street").focus()
    page.keyboard.press("ArrowRight")
    layer, head = kept["picks"][0]["layer"], kept["picks"][0]["head"]
    here = words.index("street") + 1
    row = shaped[0][layer - 1, head - 1, here]
    assert words[here] == "because" and row.argmax() == here - 1
    said = live.get_by_role("status").inner_text()
    assert f"Layer {layer}, head {head}: “because” reads “street” {100 * row.max():.0f} %" in said
    live.get_by_label("Layer").select_option("6")
    live.get_by_role("button", name="too wide").click()
    assert "Layer 6" in live.get_by_role("status").inner_text() and live.locator(".words").inner_text().count("wide") == 1
    assert page.problems == []


def test_descent_steps_where_it_says(open_page):
    page = open_page(WHERE["descent"])
    live = page.locator(".interactive-descent .live")
    kept = numbers("descent")["cases"][1]
    slider = live.get_by_label("Learning rate")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        live.get_by_role("button", name="Step").click()
    w, b = kept["paths"][0][3]
    said = live.get_by_role("status").inner_text()
    assert said.startswith("Step 3 of 60") and f"w = {w:.4g}" in said and f"b = {b:.4g}" in said
    live.get_by_role("button", name="as measured").click()
    assert "at w = 8, b = -50" in live.get_by_role("status").inner_text()
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.problems == []


@pytest.mark.parametrize("written", ["The whale swallowed the harpooner whole.", "  Zürich, 1851: naïve 鯨! ", "'tis don't ...", ""])
def test_a_typed_text_is_cut_as_the_maker_cuts_it(open_page, written):
    page = open_page(WHERE["tokenizer"])
    live = page.locator(".interactive-tokenizer .live")
    live.get_by_label("Your text").fill(written)
    pieces = maker("tokenizer").cut(written, numbers("tokenizer")["merges"])
    said = live.get_by_role("status").inner_text()
    assert live.locator(".token").count() == len(pieces)
    assert f"{len(written.encode())} byte" in said and f" {len(pieces)} token" in said
    if pieces:
        live.get_by_label("Merges applied").focus()
        page.keyboard.press("Home")
        assert live.locator(".token").count() == len(written.encode())
    assert page.problems == []
