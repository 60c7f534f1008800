"""Every page of the built site, looked at as readers do: with a browser, on a phone, in the dark, from a folder, by searching."""

import os
import re
import urllib.parse
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labwright import curriculum, tools
from labwright.site import build as site

PAGES = [path for path in sorted(site.SITE.rglob("*.html")) if "_static" not in path.parts]
# All but those that only lead on to the first page.
NAMES = [str(path.relative_to(site.SITE).with_suffix("")) for path in PAGES if path.name != "index.html" or path.stat().st_size > 1000]
PARTS = 4  # so that two workers share the work


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


@pytest.fixture
def reader(browser):
    """A page whose errors and requests are kept. The browser itself reaches no other host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.errors, page.requests = [], []
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda request: page.requests.append(request.url))
    yield page
    context.close()


def open_whole(page, url: str) -> None:
    """Open a page and wait until its formulas are typeset."""
    page.errors.clear()
    page.requests.clear()
    page.goto(url, wait_until="load")
    page.evaluate("window.MathJax?.startup?.promise?.then(() => null)")


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_whole_without_another_host_and_fits_a_phone(reader, address, part):
    found = {}
    for name in NAMES[part::PARTS]:
        open_whole(reader, f"{address}/{name}.html")
        problems = [*reader.errors, *(f"asks for {url}" for url in reader.requests if not url.startswith((address, "data:")))]
        problems += reader.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => `broken image ${i.src}`)")
        problems += reader.evaluate("[...document.querySelectorAll('mjx-merror')].map(e => `broken formula ${e.textContent}`)")
        reader.set_viewport_size({"width": 360, "height": 800})
        if (width := reader.evaluate("document.documentElement.scrollWidth")) > 360:
            problems.append(f"is {width} pixels wide on a phone")
        reader.set_viewport_size({"width": 1280, "height": 900})
        if problems:
            found[name] = problems
    assert found == {}


def kinds() -> list[str]:
    """One page of each kind; with EVERY_PAGE set, as it is every night, all of them."""
    if os.environ.get("EVERY_PAGE"):
        return NAMES
    planned = {name for name, text in curriculum.pages().items() if curriculum.PLANNED in text}
    chosen: dict[str, str] = {}
    for name in NAMES:
        kind = re.sub(r"\d+|(?<=labs/).*", "", name.replace("advanced", "foundations"))
        chosen.setdefault(f"{kind} {name in planned}" if not name.startswith("book/guides") else "book/guides", name)
    return list(chosen.values())


@pytest.mark.parametrize("name", kinds())
def test_a_page_can_be_read_by_everyone_in_light_and_dark(reader, address, name):
    open_whole(reader, f"{address}/{name}.html")
    reader.evaluate((tools.get("axe") / "package" / "axe.min.js").read_text(encoding="utf-8"))
    look = """async options => (await axe.run(document, {resultTypes: ["violations"], ...options})).violations
        .filter(each => ["serious", "critical"].includes(each.impact))
        .map(each => `${each.id}: ${each.nodes.slice(0, 5).map(node => node.html.slice(0, 200)).join(" | ")}`)"""
    reader.evaluate("document.documentElement.dataset.theme = 'light'")
    assert reader.evaluate(look, {}) == []
    reader.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert reader.evaluate(look, {"runOnly": ["color-contrast"]}) == []


# From a folder, and by searching


def test_the_site_opens_from_a_folder(reader):
    """Formulas, folds, the theme's switch and search work; what a browser refuses there is named in the guide."""
    home = site.SITE.as_uri()
    for name in ("book/index", "book/guides/maths", "labs/nn-xor/nn-xor", "book/results"):
        open_whole(reader, f"{home}/{name}.html")
        assert [url for url in reader.requests if not url.startswith((home, "data:"))] == []
        assert reader.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).length") == 0
        assert [error for error in reader.errors if "CORS policy" not in error and "net::ERR_FAILED" not in error] == []
    open_whole(reader, f"{home}/book/foundations/phase-1/week-01.html")
    assert reader.locator("mjx-container").count() > 50
    fold = reader.locator("details.quiz-option").first
    fold.locator("summary").click()
    assert fold.locator(".sd-card-body").is_visible()
    before = reader.evaluate("document.documentElement.dataset.theme")
    for _ in range(2):  # the switch has three states: as the system, light, dark
        reader.locator(".theme-switch-button").first.click()
    assert reader.evaluate("document.documentElement.dataset.mode") in ("light", "dark", "auto") and before in ("light", "dark")
    reader.goto(f"{home}/search.html?q=perceptron")
    reader.wait_for_selector("#search-results li a")
    reader.locator("#search-results li a").first.click()
    assert "erceptron" in reader.locator("article").inner_text()


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("backpropagation", "book/foundations/phase-1/week-05"),
        ("staircase lamp", "book/foundations/phase-1/week-01"),
        ("bubblewrap", "book/guides/sandbox"),
        ("Two layers solve XOR", "labs/nn-xor/nn-xor"),
    ],
)
def test_search_finds_what_is_on_a_page(reader, address, words, page):
    reader.goto(f"{address}/search.html")
    box = reader.locator("#search-input:visible, .bd-search input:visible, input[name=q]:visible").first
    box.fill(words)
    box.press("Enter")
    reader.wait_for_selector("#search-results li a")
    reader.wait_for_function("document.querySelector('.search-summary')?.innerText.includes('found')")
    assert any(f"/{page}.html" in link for link in reader.eval_on_selector_all("#search-results li a", "all => all.map(a => a.href)"))


# What the files themselves show


class Outline(HTMLParser):
    """The ids and links of a page, and how many characters are not images."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links = [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if found.get("id"):
            self.ids.append(found["id"])
        for kind in ("href", "src"):
            if found.get(kind):
                self.links.append(found[kind])


@cache
def outlines() -> dict[Path, Outline]:
    return {path.resolve(): Outline(path) for path in PAGES}


def test_every_link_inside_the_site_leads_somewhere():
    broken = []
    for path, outline in outlines().items():
        for link in outline.links:
            if re.match(r"[a-z]+:|//", link):
                continue
            target, _, fragment = link.partition("#")
            there = (path.parent / urllib.parse.unquote(target.partition("?")[0])).resolve() if target else path
            if not there.exists():
                broken.append(f"{path.relative_to(site.SITE)} -> {link}: no such file")
            elif fragment and there in outlines() and urllib.parse.unquote(fragment) not in outlines()[there].ids:
                broken.append(f"{path.relative_to(site.SITE)} -> {link}: no such place")
    assert sorted(set(broken)) == []


def test_no_page_names_two_places_alike():
    doubled = {str(path): {each for each in outline.ids if outline.ids.count(each) > 1} for path, outline in outlines().items()}
    ours = {path: ids - {"search-input"} for path, ids in doubled.items()}  # the theme's dialog and its search page share this one
    assert {path: sorted(ids) for path, ids in ours.items() if ids} == {}


def test_no_page_is_heavy_and_pictures_are_files():
    heavy = {str(path.relative_to(site.SITE)): path.stat().st_size for path in PAGES if path.stat().st_size > 500_000}
    assert heavy == {}
    assert [str(path) for path in PAGES if re.search(r'src="data:image/(png|jpeg|svg)', path.read_text(encoding="utf-8"))] == []
