"""The built site, served on loopback and opened in a real browser that can reach nothing else."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from labwright import curriculum, source
from labwright.site import build as site
from labwright.site import labpages
from scratchlab.labs import known_labs

CHAPTERS = [track.document(phase, week) for track in curriculum.load().tracks for phase, week in track.weeks() if week.status == "written"]


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_are_typeset_and_figures_are_seen(open_page, name):
    page = open_page(name)
    page.wait_for_selector("mjx-container")
    assert page.locator("mjx-merror").count() == 0
    figures = page.locator("figure img")
    assert figures.count() >= 3
    for number in range(figures.count()):
        assert len(figures.nth(number).get_attribute("alt")) > 30


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_self_check_opens_and_explains(open_page, name):
    page = open_page(name)
    options = page.locator("details.quiz-option")
    assert options.count() >= 18
    first = options.first
    assert not first.locator(".sd-card-body").is_visible()
    first.locator("summary").click()
    assert first.locator(".sd-card-body").is_visible()
    assert page.locator("details.quiz-option:has-text('Right.')").count() >= 6


@pytest.mark.parametrize("slug", known_labs())
def test_a_lab_page_shows_outputs_and_hides_solutions_behind_a_toggle(open_page, slug):
    page = open_page(f"labs/{slug}/{slug}")
    assert page.locator("h1").first.inner_text().startswith(curriculum.load().lab(slug).title)
    assert page.locator("figure img").count() >= 2 and page.locator(".scratchlab-check").count() >= 3
    toggle = page.locator("details:has(summary:has-text('Show a solution'))")
    assert toggle.count() == sum(kind == "check" for kind, _, _ in source.graded(slug))
    assert not toggle.first.locator("pre").first.is_visible()
    toggle.first.locator("summary").click()
    assert toggle.first.locator("pre").first.is_visible()
    code = page.locator(".bd-content").inner_text()
    assert "raise NotImplementedError" in code and "PROFILE = None" not in code
    assert page.locator(".lab-card").inner_text().count("on ") >= 1


@pytest.mark.parametrize("slug", known_labs())
def test_launch_buttons_open_the_learners_copy_of_the_main_branch(open_page, slug):
    setting = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    name = setting["url"].removeprefix("https://github.com/")
    page = open_page(f"labs/{slug}/{slug}")
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")
    assert f"https://colab.research.google.com/github/{name}/blob/{setting['branch']}/labs/{slug}/{slug}.ipynb" in links
    assert f"https://www.kaggle.com/kernels/welcome?src={setting['url']}/blob/{setting['branch']}/labs/{slug}/{slug}.ipynb" in links
    assert (site.SITE / "_sources" / "labs" / slug / f"{slug}.ipynb").read_text() == source.learner_path(slug).read_text()


@pytest.mark.parametrize("slug", known_labs())
def test_the_learners_edition_leaves_solutions_out(slug):
    import nbformat

    executed = nbformat.read(labpages.results.notebook_of(slug), as_version=4)
    full = labpages.page(slug, executed, solutions=True)
    bare = labpages.page(slug, nbformat.read(labpages.results.notebook_of(slug), as_version=4), solutions=False)
    solutions = [cell.source for cell in source.solved(slug).cells if cell.metadata.get("nbgrader", {}).get("solution")]
    shown = [cell.source for cell in bare.cells]
    assert len(solutions) >= 3 and not set(solutions) & set(shown)
    assert "A model answer" in "".join(cell.source for cell in full.cells) and "A model answer" not in "".join(shown)


def pages() -> list[Path]:
    """All pages; not the theme's templates among its static files."""
    return [path for path in site.SITE.rglob("*.html") if "_static" not in path.parts]


class Images(HTMLParser):
    """Collects images without an alternative text."""

    def __init__(self):
        super().__init__()
        self.bare = []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "img" and not (found.get("alt") or "").strip() and "logo" not in (found.get("class") or ""):
            self.bare.append(found.get("src", "")[:80])


def test_every_picture_of_every_page_has_an_alternative_text():
    bare = {}
    for path in pages():
        parser = Images()
        parser.feed(path.read_text(encoding="utf-8"))
        if parser.bare:
            bare[str(path.relative_to(site.SITE))] = parser.bare
    assert bare == {}


def test_no_directive_is_left_as_text():
    """A backtick in the title of a ```{question} makes plain text of it, without a warning."""
    for path in pages():
        text = re.sub("<pre>.*?</pre>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"(`{3,}|:{3,})\{\w", text), path


def test_planned_weeks_say_so():
    for track in curriculum.load().tracks:
        for phase, week in track.weeks():
            text = (site.SITE / f"{track.document(phase, week)}.html").read_text(encoding="utf-8")
            assert ("This chapter is planned" in text) == (week.status == "planned")


def test_numbers_quoted_from_labs_are_measured():
    for name in CHAPTERS:
        page = (site.SITE / f"{name}.html").read_text(encoding="utf-8")
        quoted = (ROOT / f"{name}.md").read_text(encoding="utf-8").count("{number}`")
        assert page.count('class="measured"') == quoted and "(not yet measured)" not in page


def test_a_failed_build_is_reported_and_never_taken_for_a_finished_one(checkout):
    for name in ("index.md", "status.md", "references.md"):
        shutil.copy(ROOT / "book" / name, checkout.path / "book")
    checkout("labwright", "toc")
    (checkout.path / "book" / "index.md").write_text("# Front\n\n{ref}`nowhere`\n\n```{lab-card} no-such-lab\n```\n")
    (checkout.path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (checkout.path / "book" / "references.bib").write_text("")
    shutil.copytree(ROOT / "book" / "_static", checkout.path / "book" / "_static")
    done = checkout("labwright", "book")
    assert done.returncode == 2 and "nowhere" in done.stderr and "no-such-lab" in done.stderr and "book.log" in done.stderr
    assert not Path(checkout.path / "_build" / "site.key").exists()
    (checkout.path / "book" / "index.md").write_text("# Front\n\nFine.\n")
    assert checkout("labwright", "book").returncode == 0
    assert "up to date" in checkout("labwright", "book").stdout
    style = checkout.path / "book" / "_static" / "book.css"
    style.write_text("/* nothing */")
    checkout("labwright", "book")
    assert (checkout.path / "_build" / "html" / "_static" / "book.css").read_text() == "/* nothing */", "a static file alone has changed"
