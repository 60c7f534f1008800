"""The front page, the cards and the map: what they say is counted from data, and can be used by everybody."""

import re

import pytest
from conftest import ROOT

from labwright import contract, curriculum, results, source
from labwright.site import build as site
from labwright.site import facts, front, layout, maps
from scratchlab.labs import known_labs

BOOK = curriculum.load()
LABS = [lab for *_, lab in BOOK.labs()]
WRITTEN = known_labs()


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


# ---- the map: arrows


def closure(arrows):
    """All pairs that lead from one to the other along arrows."""
    pairs = set(arrows)
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


def test_arrows_say_what_the_contracts_say_and_nothing_twice():
    needs = closure({(need, slug) for slug in WRITTEN for need in contract.read(slug).needs})
    drawn = [arrow for track in BOOK.tracks for arrow in maps.graph(track).arrows]
    assert len(drawn) == len(set(drawn)) and closure(drawn) == needs
    for arrow in drawn:
        assert arrow not in closure(set(drawn) - {arrow}), f"{arrow} follows from others"


def test_every_lab_stands_once_on_the_map_of_its_program_below_what_it_needs():
    for track in BOOK.tracks:
        shown = maps.graph(track)
        row_of = {slug: number for number, row in enumerate(shown.rows) for slug in row.labs}
        assert sum(len(row.labs) for row in shown.rows) == len(row_of)
        used = {slug for _, week in track.weeks() for slug in facts.labs_of(week)}
        assert set(row_of) - shown.guests == used
        assert all(row_of[start] < row_of[end] for start, end in shown.arrows)
        assert [row.week.number for row in shown.rows if row.first] == [week.number for _, week in track.weeks()]


def test_a_phase_shows_what_it_needs_from_before():
    track = BOOK.track("foundations")
    late = maps.graph(track, track.phases[2])
    early = {slug for row in maps.graph(track, track.phases[0]).rows for slug in row.labs}
    assert late.guests <= early | {lab.slug for lab in LABS}
    advanced = BOOK.track("advanced")
    assert maps.graph(advanced, advanced.phases[1]).guests == {
        need
        for slug in WRITTEN
        if facts.home(slug)[:2] == (advanced, advanced.phases[1])
        for need in contract.read(slug).needs
        if facts.home(need)[0] is not advanced
    }


# ---- the map: places

ROWS = [["a", "b", "c"], ["d"], ["e", "f", "g", "h"], ["i", "j"]]
ARROWS = [("a", "d"), ("b", "i"), ("c", "i"), ("c", "e"), ("a", "h"), ("d", "j"), ("h", "j"), ("f", "i")]


def test_boxes_and_lanes_of_a_row_keep_apart_and_inside():
    made = layout.layout(ROWS, ARROWS, 100)
    for number in range(len(ROWS)):
        row = sorted((x, item) for (row, item), x in made.at.items() if row == number)
        sizes = [layout.LANE if isinstance(item, tuple) else 100 for _, item in row]
        assert row[0][0] - sizes[0] / 2 >= -1e-6 and row[-1][0] + sizes[-1] / 2 <= made.width + 1e-6
        for (x, _), (to, _), left, right in zip(row, row[1:], sizes, sizes[1:], strict=False):
            assert to - x >= (left + right) / 2 + layout.GAP - 1e-6


def test_every_arrow_can_be_followed_piece_by_piece():
    made = layout.layout(ROWS, ARROWS, 100)
    row_of = {name: number for number, row in enumerate(ROWS) for name in row}
    for start, end in ARROWS:
        here = start
        for number in range(row_of[start], row_of[end]):
            here = next(lower for (row, upper, lower), ends in made.pieces.items() if (row, upper) == (number, here) and end in ends)
        assert here == end


def test_places_are_the_nearest_ones_that_are_allowed():
    """Against the same problem solved by brute force on a grid."""
    wanted = [60.0, 40.0, 200.0]
    found = layout._placed(["a", "b", "c"], wanted, 50, 300)
    grid = [(x, y, z) for x in range(25, 276) for y in range(x + 64, 276) for z in range(y + 64, 276)]
    best = min(grid, key=lambda each: sum((p - w) ** 2 for p, w in zip(each, wanted, strict=True)))
    assert found == pytest.approx(best, abs=1)


# ---- the map: in the browser


def test_the_map_opens_every_lab_by_mouse_and_by_keyboard(open_page):
    page = open_page("book/map")
    assert page.locator("svg.map").count() == 2
    for lab in LABS:
        box = page.locator(f"svg.map .box-{lab.slug}").first
        assert ("written" in box.get_attribute("class")) == lab.written
        assert lab.title in box.get_attribute("aria-label")
        track, phase, week = facts.home(lab.slug)
        assert box.get_attribute("href").endswith(
            f"{lab.document if lab.written else track.document(phase, week)}.html".removeprefix("book/")
        )
    page.locator("svg.map .box-nn-xor").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/labs/nn-xor/nn-xor.html")
    assert page.problems == []


def test_pointing_at_a_lab_shows_what_it_needs(open_page):
    page = open_page("book/map")
    color = "getComputedStyle(document.querySelector('svg.map .to-nn-mnist')).stroke"
    before = page.evaluate(color)
    page.locator("svg.map .box-nn-mnist").first.hover()
    assert page.evaluate(color) != before


def test_the_list_beside_the_map_says_the_same(open_page):
    page = open_page("book/map")
    said = page.locator("details.map-list").first.text_content()
    track = BOOK.track("foundations")
    for _, week in track.weeks():
        assert week.title in said
        for lab in week.labs:
            assert lab.title in said
    mnist = page.locator(
        "details.map-list li li", has_text=re.compile("^Predict|" + re.escape(BOOK.lab("nn-mnist").title))
    ).first.text_content()
    for need in contract.read("nn-mnist").needs:
        assert BOOK.lab(need).title in mnist


def test_a_phone_scrolls_the_map_in_its_frame_and_never_the_page(open_page):
    page = open_page("book/map")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    frame = page.locator(".map-frame").first
    assert frame.evaluate("each => each.scrollWidth > each.clientWidth")
    assert (
        page.locator("svg.map .lab text").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize) * each.getScreenCTM().a")
        >= 12
    )


# ---- cards


@pytest.mark.parametrize("slug", ["nn-xor", "cnn-convolution", "attn-scaled-dot-product"])
def test_a_labs_card_is_complete(open_page, slug):
    card = open_page(f"labs/{slug}/{slug}").locator(".lab-card").inner_text()
    promised = contract.read(slug)
    worth = sum(points for _, _, points in source.graded(slug))
    assert f"{promised.study_minutes} minutes" in card and f"{worth:g} points" in card
    for need in promised.needs:
        assert BOOK.lab(need).title in card
    for other in WRITTEN:
        if slug in contract.read(other).needs:
            assert BOOK.lab(other).title in card, f"{slug} opens {other}"
    for track in BOOK.tracks:
        for _, week in track.weeks():
            assert (f"Week {week.number}: {week.title}" in card) == (slug in facts.labs_of(week))
    for neighbor in facts.beside(slug):
        assert neighbor is None or neighbor.title in card
    for profile in promised.profiles:
        assert results.last(slug, profile) is not None or "deferred" in card


def test_a_weeks_card_lists_its_labs_with_what_they_take(open_page):
    card = open_page("book/foundations/phase-1/week-01").locator(".week-card").inner_text()
    _, week = BOOK.week("foundations", 1)
    assert f"{week.hours.min:g} to {week.hours.max:g} hours" in card
    for lab in week.labs:
        assert lab.title in card and f"{contract.read(lab.slug).study_minutes} minutes" in card


# ---- the front page


def test_counts_on_the_front_page_are_the_books(open_page):
    page = open_page("book/index")
    told = {re.sub(r"^\S+\s*", "", each.strip()): each.split()[0] for each in page.locator(".proven li").all_inner_texts()}
    chapters = [week for track in BOOK.tracks for _, week in track.weeks()]
    assert told[f"of {len(LABS)} labs written"] == str(len(WRITTEN))
    assert told[f"of {len(chapters)} chapters written"] == str(sum(week.status == "written" for week in chapters))
    gpu = [(slug, profile) for slug in WRITTEN for profile in contract.read(slug).profiles if profile != "cpu"]
    deferred = sum(results.last(*each) is None for each in gpu)
    assert told[f"of {len(gpu)} GPU runs deferred: no such machine has run them yet"] == str(deferred)


def test_properties_are_counted_as_the_checks_declare_them():
    """Those of the run, against the declarations: some are made in loops."""
    from scratchlab.checking import load_tasks

    for slug in ("nn-perceptron", "nn-xor", "cnn-convolution"):
        tasks = load_tasks(ROOT / "labs" / slug / "checks.py")
        assert front.properties(slug) == sum(len(task.properties) for task in tasks.values())


def test_the_report_on_the_front_page_is_what_the_check_says(open_page):
    shown = open_page("book/index").locator(".hero .scratchlab-check").inner_text()
    answer = (ROOT / "labs" / "nn-perceptron" / "wrong" / "update_forgets_label.py").read_text()
    assert re.search("^# hears: (.+)$", answer, re.MULTILINE).group(1) in shown
    assert "✗" in shown and "✓" in shown and "expected" in shown


def test_the_first_screen_shows_what_the_book_does_and_where_to_begin(open_page):
    """What a reader decides by in ten seconds lies above the fold of a laptop."""
    page = open_page("book/index")
    page.set_viewport_size({"width": 1280, "height": 800})
    for words in ("Open in Colab", "✗"):
        assert page.locator(".hero").get_by_text(words).first.bounding_box()["y"] < 800
    colab = page.get_by_role("link", name="Open in Colab").first.get_attribute("href")
    assert colab == facts.colab("nn-perceptron") and colab.endswith("/labs/nn-perceptron/nn-perceptron.ipynb")


@pytest.mark.parametrize(
    "name", ["book/index", "book/map", "book/foundations/phase-1/index", "book/foundations/phase-1/week-01", "labs/nn-xor/nn-xor"]
)
def test_these_pages_fit_a_phone(open_page, name):
    page = open_page(name)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.problems == []


def test_no_page_is_heavy():
    for name in ("index", "map", "foundations/phase-3/week-10"):
        assert (site.SITE / "book" / f"{name}.html").stat().st_size < 500_000
