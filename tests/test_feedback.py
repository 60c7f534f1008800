"""Feedback pages: they say what a learner needs, and nothing in a submission can make them do anything."""

import base64
import functools
import hashlib
import io
import itertools
import re
import struct
import zlib
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from labwright.grading.feedback import render
from labwright.grading.records import STATES, Finding, Judgement, Question, QuestionGrade, Receipt, StudentGrade

HOSTILE = (
    "<script>window.__owned = 1</script><img src=x onerror='window.__owned = 1'><svg onload=alert(1)><iframe src=https://evil.example></iframe>"
    "</style></title></textarea>--></script><form action=//evil.example><a href=javascript:alert(1)>x</a>\n\nSee [l](javascript:alert(1)) "
    '[d](data:text/html,<script>alert(1)</script>) [q](<https://x.org/"onclick=alert(1)//>) ![p](https://evil.example/p.png) '
    "[ok](https://x.org/a?b=1&c=2) [r](//evil.example) <b style='width:expression(alert(1))'>b</b> $x</span><script>alert(1)</script>$ "
    "\u202eabc\u2066 &#x202e; &#8238; \x1b[31mred\x1b[0m \x1b]8;;javascript:alert(1)\x07 {{ 7 * 7 }} {% raw %} \x00\ud800 \x9b1m ` "
    "&lt;script&gt;\n\n```<script>\n<script>\n```\n"
)
ANCHOR = re.compile(r"#q\d+")


def png(width: int = 4, height: int = 3) -> str:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def bomb(side: int) -> str:
    """A PNG of side x side black pixels that is small as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(((side + 7) // 8 + 1) * side), 9)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")).decode()


def code(source: str, *outputs: dict, count: int | None = 1, **metadata) -> dict:
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "execution_count": count, "metadata": metadata}


def text(source: str, **metadata) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": metadata}


def graded(name: str) -> dict:
    return {"nbgrader": {"grade_id": name}}


def shows(**data) -> dict:
    return {"output_type": "display_data", "data": {key.replace("_", "/"): value for key, value in data.items()}, "metadata": {}}


def question(name: str = "attention", state: str = "wrong", **fields) -> Question:
    return Question(**{"cell": f"check-{name}", "name": name, "kind": "check", "points": 3, "score": 1, "state": state} | fields)


def judged(*cells: dict, **fields) -> Judgement:
    return Judgement(**{"student": "ada", "lab": "attn", "state": "graded", "notebook": {"cells": list(cells)}} | fields)


def everywhere(string: str) -> tuple[Judgement, StudentGrade]:
    """A submission with `string` in every field that is not ours."""
    finding = Finding(name=string, says=string, state=string, detail=(string, f"got       {string}", f"look      {string}"))
    wrong = finding.model_copy(update={"state": "wrong"})
    one = question(string, cell="check-a", findings=(finding, wrong), hints=(string,), said=string)
    outputs = [
        {"output_type": "stream", "name": string, "text": string},
        {"output_type": "error", "ename": string, "evalue": string, "traceback": [string]},
        shows(text_html=string, text_plain=string, **{"image_svg+xml": string, "application_javascript": string}),
        shows(image_png=base64.b64encode(string.encode("utf-8", "replace")).decode()),
        shows(image_png=png(), text_plain=string),
    ]
    cells = [text(string), code(string, *outputs), text(string, scratchlab={"role": "text"}), code(string, **graded("check-a"))]
    cells.append({"cell_type": string, "source": [string, 1], "metadata": string, "outputs": string, "attachments": string})
    receipt = Receipt(
        submission=string, checks=string, environment=string, seed=string, sandbox=string, seconds=1, memory_gb=1, restarts=0, whole=True
    )
    judgement = judged(*cells, student=string, lab=string, notes=(string,), questions=(one,), receipt=receipt)
    person = QuestionGrade(cell="check-a", name=string, kind="check", points=3, auto=1, manual=2, comment=string, state="wrong")
    gone = person.model_copy(update={"cell": string})
    return judgement, StudentGrade(student=string, lab=string, state="graded", questions=(person, gone))


class Strict(HTMLParser):
    """Refuses what BeautifulSoup would mend: an element that is not closed where it should be, a comment, an unknown element."""

    KNOWN = frozenset(
        "html head title style body main footer section details summary div span p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead "
        "tbody tr th td a figure figcaption pre code em strong del blockquote".split()
    )

    def __init__(self, page: str):
        super().__init__()
        self.opened = []
        self.feed(page)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br", "hr", "img"):
            assert tag in self.KNOWN
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened and self.opened.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    handle_pi = unknown_decl = handle_comment


def assert_inert(page: str) -> BeautifulSoup:
    """Nothing on the page can run, load, or lead elsewhere than to https by the reader's own click."""
    page.encode("utf-8")
    Strict(page)
    soup = BeautifulSoup(page, "html.parser")
    (style,) = soup.find_all("style")
    assert not soup.find_all(
        ["script", "iframe", "object", "embed", "form", "input", "link", "base", "svg", "math", "frame", "video", "audio"]
    )
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name in ("style", "srcset", "srcdoc", "action", "formaction")], (
            tag
        )
        assert str(tag.get("src", "data:image/png;base64,")).startswith("data:image/png;base64,")
        href = tag.get("href")
        if href is not None and not ANCHOR.fullmatch(href):
            assert href.startswith("https://") and set(tag["rel"]) == {"noopener", "noreferrer", "nofollow"}
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    digest = base64.b64encode(hashlib.sha256(style.string.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'")
    seen = soup.get_text() + " ".join(str(value) for tag in soup.find_all(True) for value in tag.attrs.values())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", seen)
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in soup.find_all("a", href=ANCHOR)} <= set(ids)
    return soup


def test_hostile_strings_everywhere_leave_the_page_inert():
    soup = assert_inert(render(*everywhere(HOSTILE), title=HOSTILE))
    assert "{{ 7 * 7 }}" in soup.title.string
    assert soup.find("a", href="https://x.org/a?b=1&c=2", string="ok")
    assert len(soup.find_all("img")) == 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="<>\"'&#;/!-=[]()`*_$\\{}% ax1\n\x1b\u202e", max_size=60))
def test_any_text_anywhere_leaves_the_page_inert_and_whole(string):
    soup = assert_inert(render(*everywhere(string), title=string))
    assert [child.name for child in soup.html.find_all(True, recursive=False)] == ["head", "body"]
    assert soup.body.find_all(True, recursive=False)[-1].name == "footer"


def test_a_failed_property_shows_what_was_tried_came_back_and_was_expected():
    detail = ("tried     q of shape (2, 3)", "got       nan", "expected  0.5", "look      the scale", "ValueError: no")
    findings = (Finding(name="a", says="rows sum to one", state="passed"), Finding(name="b", says="equals", state="wrong", detail=detail))
    one = question(findings=findings, hints=("Divide first.",), said="The kernel ended.")
    soup = assert_inert(render(judged(code("check()", shows(text_plain="RAW"), **graded("check-attention")), questions=(one,))))
    assert [each.get_text() for each in soup.find_all("dt")[:5]] == ["message", "tried", "came back", "expected", "where to look"]
    assert [each.get_text() for each in soup.find_all("dd")[:5]] == ["ValueError: no", "q of shape (2, 3)", "nan", "0.5", "the scale"]
    words = soup.find(id="q1").get_text()
    assert "1 of 3 points" in words and "Divide first." in words and "The kernel ended." in words
    assert "RAW" not in soup.get_text(), "a check cell shows findings, not its raw output"


def test_states_differ_by_mark_and_word():
    questions = tuple(question(f"n{number}", state) for number, state in enumerate(STATES))
    soup = assert_inert(render(judged(questions=questions)))
    rows = soup.select("table.summary tbody tr")
    assert len({row.select_one(".mark").get_text() for row in rows}) == len(STATES)
    assert all(words in row.get_text() for row, words in zip(rows, STATES.values(), strict=True))
    assert all(cell.get("scope") for cell in soup.select("table.summary th"))


def test_a_person_has_the_last_word():
    answer = question("why", "waiting", cell="answer-why", kind="answer", points=2, score=None)
    judgement = judged(text("Because.", **graded("answer-why")), questions=(answer,))
    assert "waits for a person" in render(judgement)
    said = QuestionGrade(cell="answer-why", name="why", kind="answer", points=2, manual=1.5, comment="**Good**", state="waiting")
    page = render(judgement, StudentGrade(student="ada", lab="attn", state="graded", late_penalty=0.5, questions=(said,)))
    soup = assert_inert(page)
    assert soup.select_one(".score").get_text().split()[:4] == ["1", "of", "2", "points,"]
    assert soup.find("strong", string="Good") and "A person gave 1.5 of 2 points" in page and "waits for a person" not in page


def test_a_written_answer_stands_with_the_points_and_the_comment():
    answer = question("why", "waiting", cell="answer-why", kind="answer", points=2, score=None)
    said = QuestionGrade(cell="answer-why", name="why", kind="answer", points=2, manual=1.5, comment="Say how much.", state="waiting")
    judgement = judged(text("Because scores grow.", **graded("answer-why")), questions=(answer,))
    soup = assert_inert(render(judgement, StudentGrade(student="ada", lab="attn", state="graded", questions=(said,))))
    words = soup.select_one("section.question").get_text()
    assert "Because scores grow." in words and "1.5 of 2 points" in words and "Say how much." in words
    assert soup.get_text().count("Because scores grow.") == 1


def test_a_copied_question_cell_is_shown_once_and_a_deleted_one_at_the_end():
    cells = [code("first", **graded("check-attention")), code("copy", **graded("check-attention"))]
    soup = assert_inert(render(judged(*cells, questions=(question(), question("gone")))))
    assert len(soup.select("section.question")) == 2
    assert soup.find("h2", string="Questions that are not in your notebook")


@pytest.mark.parametrize("state, words", [("not gradable", "hand it in again"), ("our fault", "will be graded again")])
def test_without_a_grade_the_page_says_what_happened_and_what_to_do(state, words):
    soup = assert_inert(render(judged(code("secret"), state=state, notes=("The file is no notebook.",))))
    assert "The file is no notebook." in soup.get_text() and words in soup.get_text()
    assert "secret" not in soup.get_text() and not soup.find("table")


def test_cells_that_did_not_run_show_no_outputs_and_given_ones_are_folded():
    out = {"output_type": "stream", "text": "STALE"}
    cells = [code("a", out, count=None), text("So.\n\n# Given", scratchlab={"role": "text"}), text("# Mine", scratchlab={"role": "own"})]
    soup = assert_inert(render(judged(*cells)))
    assert "STALE" not in soup.get_text()
    assert not soup.find(string="Mine").find_parent("details")
    assert soup.select_one("details.given").summary.get_text() == "From the lab: Given"


def test_pictures_are_pixels_only():
    written = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>")
    Image.new("RGB", (2, 2), "red").save(written, "PNG", pnginfo=info)
    soup = assert_inert(
        render(judged(code("a", shows(image_png=base64.b64encode(written.getvalue()).decode(), text_plain="[figure] Heads"))))
    )
    raw = base64.b64decode(soup.img["src"].partition(",")[2])
    assert b"script" not in raw and Image.open(io.BytesIO(raw)).getpixel((0, 0)) == (255, 0, 0)
    assert soup.img["alt"] and soup.figcaption.get_text() == "Heads"


@pytest.mark.parametrize(
    "data",
    [
        bomb(20_000),
        bomb(4_008),
        base64.b64encode(b"<html><script>1</script>").decode(),
        "///",
        "é",
        base64.b64encode(b"GIF89a" * 9).decode(),
    ],
)
def test_what_is_no_modest_png_is_dropped(data):
    assert not assert_inert(render(judged(code("a", shows(image_png=data))))).find("img")


def test_a_page_with_many_large_pictures_stays_small():
    page = render(judged(*[code("a", shows(image_png=bomb(3_996))) for _ in range(8)]))
    assert 1 <= page.count("<img") < 8


def test_outputs_are_capped_and_cleaned():
    huge = {"output_type": "stream", "text": "x" * 1_000_000}
    page = render(judged(*[code("a", huge) for _ in range(50)]))
    assert 190_000 < page.count("x") < 210_000 and "more output than this page shows" in page
    bar = {"output_type": "stream", "text": "10%\r50%\r\x1b[32m100%\x1b[0m\nnext"}
    assert assert_inert(render(judged(code("a", bar)))).select_one("pre.output").get_text() == "100%\nnext"


def test_many_small_outputs_and_long_texts_are_bounded_too():
    tiny = [{"output_type": "stream", "text": "c"}] * 20_000
    assert render(judged(code("a", *tiny))).count("<pre") < 3_000
    many = render(judged(*[text("*a* " * 4_000) for _ in range(60)]))
    assert 50_000 < many.count("<em>") < 110_000


def test_markdown_keeps_formulas_and_demotes_headings():
    soup = assert_inert(render(judged(text("# Top\n\n#### Deep\n\n$a_1 * b_1 * c$ and *so*\n\n| a |\n|---|\n| 1 |"))))
    assert soup.find("code", string="$a_1 * b_1 * c$") and soup.find("em", string="so") and soup.select_one("main div td")
    levels = [int(tag.name[1]) for tag in soup.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("piece", ["[", "*a ", "`", "$", "> ", "![", "<a", "|a|", "- ", "_**", "\\", "[a](", "&#", "(" * 9 + "\n"])
def test_text_made_to_break_the_parser_costs_nobody_the_page(piece):
    soup = assert_inert(render(judged(text(piece * (19_000 // len(piece))), text("after"))))
    assert soup.find(string="after")


@pytest.mark.parametrize(
    "notebook", [{}, {"cells": 3}, {"cells": [None, [], {"source": 1}, {"cell_type": "code", "outputs": [1, {"data": [], "text": 2}]}]}]
)
def test_a_malformed_notebook_still_makes_a_page(notebook):
    assert assert_inert(render(judged(notebook=notebook, questions=(question(),)))).select_one("section.question")


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two hexadecimal colors."""

    def light(color: str) -> float:
        digits = color[1:] if len(color) == 7 else "".join(2 * each for each in color[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_text_can_be_read_on_every_ground_in_light_and_dark():
    style = BeautifulSoup(render(judged()), "html.parser").style.string
    for scheme in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]:
        colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", scheme))
        grounds = [colors.pop(name) for name in ("ground", "card", "box")]
        colors.pop("line")
        assert len(colors) > 8
        assert min((contrast(color, ground), name) for name, color in colors.items() for ground in grounds)[0] >= 4.5


@functools.cache
def example() -> str:
    return render(*everywhere(HOSTILE + "y" * 400), title=HOSTILE)


def test_in_a_browser_a_hostile_page_runs_and_loads_nothing_and_fits_a_phone(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(example(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 800})
    events = []
    page.on("dialog", lambda dialog: (events.append(dialog.message), dialog.dismiss()))
    page.on(
        "request", lambda request: events.append(request.url) if not request.url.startswith(("data:image/png", path.as_uri())) else None
    )
    page.on("console", lambda message: events.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert events == []
    assert page.evaluate("window.__owned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px", "the policy lets the page's own style through"
    assert page.evaluate("document.images[0].naturalWidth") == 4


def test_the_policy_alone_stops_what_would_get_past_the_template(browser, tmp_path):
    path = tmp_path / "page.html"
    smuggled = "<script>window.__owned = 1</script><img src='https://evil.example/x.png'><p style='color: red' onclick='x()'>x</p></main>"
    path.write_text(render(judged()).replace("</main>", smuggled), encoding="utf-8")
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.__owned") is None
    assert sum("Content Security Policy" in each for each in refused) >= 3
