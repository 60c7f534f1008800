"""From a page back to its authors: edit and report links, the changelog, and external links that may fail until a day."""

import datetime
import re
import urllib.parse

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT

from labwright import source
from labwright.paths import BOOK
from labwright.site import build as site
from labwright.site import contributing, links
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("labs/nn-xor/nn-xor", "labs/nn-xor/lab.py"),
        ("book/foundations/phase-2/week-07", "book/curriculum.yml"),
        ("book/guides/writing-labs", "CONTRIBUTING.md"),
        ("book/changelog", "CHANGELOG.md"),
        ("book/guides/start", "book/guides/start.md"),
    ],
)
def test_a_page_leads_to_its_source_and_to_a_report_that_is_filled_in(name, path):
    page = BeautifulSoup((site.SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    foot = {link.text: link["href"] for link in page.select(".page-version a")}
    here = source.repository()
    assert foot["Edit this page"] == f"{here.url}/edit/{here.branch}/{path}" and (ROOT / path).is_file()
    buttons = [link["href"] for link in page.select(".article-header-buttons a")]
    assert set(foot.values()) <= set(buttons), "the theme's own buttons lead to the same places"
    report = urllib.parse.urlsplit(foot["Report a mistake on this page"])
    asked = {key: value for key, [value] in urllib.parse.parse_qs(report.query).items()}
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / asked.pop("template")).read_text(encoding="utf-8"))
    assert asked.pop("title").startswith(name) and set(asked) <= {field.get("id") for field in form["body"]}
    assert asked["page"] == name and asked["version"] in page.select_one(".page-version").text


def test_a_lab_is_edited_in_its_source():
    for slug in known_labs():
        assert contributing.source_of(f"labs/{slug}/{slug}") == f"labs/{slug}/lab.py"


def test_where_the_book_is_published_the_version_names_the_commit(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    release = contributing.version()
    assert re.fullmatch(r"\d+\.\d+\.\d+", release)
    monkeypatch.setenv("CI", "true")
    assert re.fullmatch(re.escape(release) + r"( \([0-9a-f]{10,}\))?", contributing.version())


def test_the_changelog_begins_with_what_is_unreleased_and_tells_releases_newest_first():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *released = re.findall(r"^## (.+)$", text, re.MULTILINE)
    dates = [re.fullmatch(r"\d+\.\d+\.\d+ - (\d{4}-\d{2}-\d{2})", each)[1] for each in released]
    assert first == "Unreleased" and dates == sorted(dates, reverse=True)
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


# External links that may fail until a day


def test_an_excused_link_fails_again_after_its_day(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "PATH", tmp_path / "links.yml")
    links.PATH.write_text("excuses:\n  - {link: 'https://a', reason: answers programs with 403, until: 2027-01-31}\n")
    assert links.allowed(datetime.date(2027, 1, 31)) == ["https://a"]
    assert links.allowed(datetime.date(2027, 2, 1)) == []


@pytest.mark.parametrize(
    "entry",
    ["{link: 'https://a(', reason: answers programs with 403, until: 2027-01-31}", "{link: 'https://a', reason: dead, until: 2027-01-31}"],
)
def test_an_excuse_without_a_reason_or_with_a_broken_expression_is_refused(tmp_path, monkeypatch, entry):
    monkeypatch.setattr(links, "PATH", tmp_path / "links.yml")
    links.PATH.write_text(f"excuses:\n  - {entry}\n")
    with pytest.raises(ScratchlabError, match=r"links\.yml:2"):
        links.allowed(datetime.date(2027, 1, 1))


def test_no_excuse_is_for_longer_than_a_year_or_for_a_link_that_is_not_in_the_book():
    kept = links.yamlfile.read(links.PATH, links.Excuses).excuses
    everything = "\n".join(
        path.read_text(encoding="utf-8") for path in (*BOOK.rglob("*.md"), *BOOK.glob("*.[yb]*"), *ROOT.glob("labs/*/lab.py"))
    )
    addresses = re.findall(r"https?://[^\s)>\"',}]+", everything) + [
        f"https://doi.org/{doi}" for doi in re.findall(r"doi\s*=\s*\{(.+?)\}", everything)
    ]
    for excuse in kept:
        assert excuse.until <= datetime.date.today() + datetime.timedelta(days=366), excuse.link
        assert any(re.match(excuse.link, address) for address in addresses), f"{excuse.link} excuses nothing: take it out"
