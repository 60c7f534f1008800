"""The PDF and the EPUB: of a few pages in every run, of the whole book in the nightly one (PRINT_WHOLE)."""

import os
import re
import zipfile
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest

from labwright.paper import articles, epub, pdf
from labwright.site import build as site
from scratchlab.errors import ScratchlabError

SOME = ["book/index", "book/guides/start", "book/foundations/phase-1/week-05", "labs/nn-xor/nn-xor"]
CHOSEN = None if os.environ.get("PRINT_WHOLE") else SOME
TREE = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    from pypdf import PdfReader

    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pages = pdf.make(browser, path, CHOSEN)
    reader = PdfReader(path)
    assert len(reader.pages) == pages
    return reader


def test_the_contents_give_the_page_on_which_each_article_begins(printed):
    texts = [" ".join(page.extract_text().split()) for page in printed.pages]
    contents = " ".join(texts[1:6])
    starts = {name.strip("/"): printed.get_destination_page_number(place) for name, place in printed.named_destinations.items()}
    for entry in articles.contents(CHOSEN):
        number = starts[articles.slug(entry.name)]
        title = re.search(r"<h1>(.*?)<a", (site.SITE / f"{entry.name}.html").read_text(encoding="utf-8"))[1]
        if "<" not in title and "&" not in title:
            assert title in texts[number], f"{entry.name} does not begin on page {number + 1}"
            assert re.search(rf"{re.escape(title)} ?{number + 1}\b", contents), f"the contents lack {entry.name}, page {number + 1}"


def test_links_inside_the_pdf_lead_to_its_pages_and_the_others_out_of_it(printed):
    inside, outside = 0, 0
    for page in printed.pages:
        for each in page.get("/Annots", []):
            link = each.get_object()
            if link.get("/A", {}).get("/S") == "/URI":
                assert re.match("https?:|mailto:", link["/A"]["/URI"]), link["/A"]["/URI"]
                outside += 1
            elif link.get("/Subtype") == "/Link":
                assert str(link["/Dest"]) in printed.named_destinations
                inside += 1
    assert inside > 10 and outside > 5


def test_the_pdf_has_an_outline_a_title_and_typeset_formulas(printed):
    titles = []

    def walk(items):
        for item in items:
            walk(item) if isinstance(item, list) else titles.append(item.title)

    walk(printed.outline)
    assert {"Getting started", "How a lab goes", "Two layers solve XOR"} <= set(titles)
    assert printed.metadata.title == "From Scratch to Scale" and printed.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = "\n".join(page.extract_text() for page in printed.pages)
    assert not re.search(r"\\\(|\\\[|\\frac|\\begin\{", text), "a formula was printed as it was typed"
    assert "A solution" in text and "Show a solution" not in text and "Right." in text, "what is folded on the site is printed"


@pytest.fixture(scope="module")
def book(browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("epub") / "book.epub"
    epub.make(browser, path, CHOSEN)
    with zipfile.ZipFile(path) as opened:
        yield opened


def test_the_epub_begins_as_the_standard_says_and_lists_all_that_it_holds(book):
    first = book.infolist()[0]
    assert (first.filename, first.compress_type, book.read(first)) == ("mimetype", zipfile.ZIP_STORED, b"application/epub+zip")
    package = ElementTree.fromstring(book.read("book/content.opf"))
    opf = "{http://www.idpf.org/2007/opf}"
    items = {item.get("id"): item for item in package.iter(f"{opf}item")}
    listed = {f"book/{item.get('href')}" for item in items.values()}
    assert listed == set(book.namelist()) - {"mimetype", "META-INF/container.xml", "book/content.opf"}
    order = [items[each.get("idref")].get("href") for each in package.iter(f"{opf}itemref")]
    assert order == ["nav.xhtml", *(f"{articles.slug(entry.name)}.xhtml" for entry in articles.contents(CHOSEN))]
    for item in items.values():
        if item.get("href").endswith(".xhtml"):
            holds = b"<math" in book.read(f"book/{item.get('href')}")
            assert ("mathml" in (item.get("properties") or "")) == holds


def test_every_page_of_the_epub_is_well_formed_and_its_links_and_pictures_are_in_it(book):
    pages = {name: ElementTree.fromstring(book.read(name)) for name in book.namelist() if name.endswith(".xhtml")}
    ids = {name: [each.get("id") for each in tree.iter() if each.get("id")] for name, tree in pages.items()}
    formulas = 0
    for name, tree in pages.items():
        assert len(set(ids[name])) == len(ids[name]), name
        assert not list(tree.iter(f"{TREE}script")) and not list(tree.iter(f"{TREE}button"))
        formulas += len(list(tree.iter("{http://www.w3.org/1998/Math/MathML}math")))
        for link in tree.iter(f"{TREE}a"):
            target, _, place = link.get("href", "").partition("#")
            if link.get("href") and not re.match("[a-z]+:", target):
                there = str(PurePosixPath(name).parent / target) if target else name
                assert there in pages and (not place or place in ids[there]), f"{name} -> {link.get('href')}"
        for image in tree.iter(f"{TREE}img"):
            assert f"book/{image.get('src')}" in book.namelist() and image.get("alt"), name
    assert formulas > 100


def test_the_contents_of_the_epub_are_nested_as_in_the_book():
    nested = [articles.Article(articles.Entry(name, depth, part), name, "", []) for name, depth, part in NESTED]
    made = ElementTree.fromstring(epub._navigation(nested))
    shape = lambda tree: [(item.find(f"{TREE}a").text, shape(item.find(f"{TREE}ol"))) for item in tree or ()]  # noqa: E731
    found = shape(made.find(f".//{TREE}nav/{TREE}ol"))
    assert found == [("front", []), ("Start", [("a", [("b", [("c", [])]), ("d", [])])]), ("Next", [("e", [])])]


NESTED = [("front", 0, ""), ("a", 1, "Start"), ("b", 2, ""), ("c", 3, ""), ("d", 2, ""), ("e", 1, "Next")]


def test_a_page_that_is_not_in_the_book_is_named():
    with pytest.raises(ScratchlabError, match="book/nowhere"):
        articles.contents(["book/nowhere"])
