"""Translated pages say all that the English page says, and are found; a changed sentence is named."""

import pytest
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup

from labwright.site import build as site
from labwright.site import languages, translate
from scratchlab.errors import ScratchlabError, UnknownName

LANGUAGES = list(languages.translated())
PAIRS = [(language, page) for language, pages in languages.translated().items() for page in pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translated_page_is_complete_and_in_step(language):
    assert translate.problems(language) == []


def read(name: str) -> BeautifulSoup:
    return BeautifulSoup((site.SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize(("language", "page"), PAIRS)
def test_a_page_and_its_translation_lead_to_each_other(language, page):
    english, other = read(page), read(f"{language}/{page}")
    assert (english.html["lang"], other.html["lang"]) == ("en", language)
    for start, name, there in ((english, page, f"{language}/{page}"), (other, f"{language}/{page}", page)):
        link = start.select_one(".other-languages a")
        assert (site.SITE / name).parent.joinpath(link["href"]).resolve() == site.SITE / f"{there}.html" and link["hreflang"] == link[
            "lang"
        ]


@pytest.mark.parametrize(("language", "page"), PAIRS)
def test_the_translation_is_what_the_page_shows(language, page):
    with languages.catalog(language, page).open("rb") as file:
        catalog = read_po(file)
    article = read(f"{language}/{page}").select_one("article")
    headings = {heading.text.removesuffix("#") for heading in article.select("h1, h2, h3")}
    assert headings <= {str(message.string) for message in catalog if message.id}
    assert headings.isdisjoint(heading.text.removesuffix("#") for heading in read(page).select("article h1, article h2"))


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Translations of one page, of which a test changes something; sentences of the page are given, not read from the book."""
    page = "book/guides/start"
    pot = tmp_path / "gettext" / f"{page}.pot"
    pot.parent.mkdir(parents=True)
    pot.write_text('#: ../../a.md:7\nmsgid "Read {doc}`start` and `x`."\nmsgstr ""\n')
    monkeypatch.setattr(languages, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(translate, "templates", lambda names: tmp_path / "gettext")
    own = languages.LOCALE / "es" / "LC_MESSAGES" / "site.po"
    path = languages.catalog("es", page)
    path.parent.mkdir(parents=True)
    own.write_text("".join(f'msgid "{text}"\nmsgstr "-"\n\n' for text in ("Version", "Edit this page", "Report a mistake on this page")))
    return path


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        ('msgid "Read {doc}`start` and `x`."\nmsgstr "Lee {doc}`inicio <start>` y `x`."\n', []),
        (
            'msgid "Read {doc}`start`."\nmsgstr "Lee {doc}`start`."\n',
            ["not translated: 'Read {doc}`start` and `x`.' (a.md:7)", "no longer in"],
        ),
        ('msgid "Read {doc}`start` and `x`."\nmsgstr ""\n', ["not translated"]),
        ('#, fuzzy\nmsgid "Read {doc}`start` and `x`."\nmsgstr "Lee {doc}`start` y `x`."\n', ["not translated"]),
        ('msgid "Read {doc}`start` and `x`."\nmsgstr "Lee {doc}`start` y `y`."\n', ["`x` is missing in the translation"]),
    ],
)
def test_a_stale_or_careless_translation_is_named(changed, translation, said):
    changed.write_text(translation)
    found = translate.problems("es")
    assert len(found) == len(said) and all(words in problem for words, problem in zip(said, found, strict=True)), found


def test_unknown_languages_and_pages_are_refused():
    with pytest.raises(UnknownName, match="es"):
        translate.pages_of("xx")
    with pytest.raises(ScratchlabError, match="no page"):
        translate.update("es", "book/nowhere")
