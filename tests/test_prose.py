"""The book's prose is spelled right, sells nothing, and its headings are in sentence case; the check finds what it should."""

import re

import pytest
from conftest import ROOT

from labwright import prose
from labwright.prose import spelling, text


@pytest.mark.parametrize("path", prose.files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_prose_is_clean(path):
    assert prose.problems(path) == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("One.\n\nA mispeled word.\n", "page.md:3: 'mispeled' is not in the dictionary; if it is right, add it to book/words.txt"),
        ("The colour is blue.\n", "page.md:1: 'colour' is not in the dictionary"),
        ("It is the\nthe same.\n", "page.md:1: 'the' stands here twice"),
        ("A seamless experience.\n", "page.md:1: 'seamless' sells"),
        ("# A page\n\n## What is Different\n", "page.md:3: 'Different' has a capital in a heading"),
        ("```{note}\nA mispeled word.\n```\n", "page.md:2: 'mispeled'"),
        (":::{dropdown} A mispeled title\nText.\n:::\n", "page.md:1: 'mispeled'"),
        ("```{figure} a.svg\n:alt: A mispeled alternative\n\nCaption.\n```\n", "page.md:2: 'mispeled'"),
        ("It costs \\$5 mispeled, or \\$6.\n", "page.md:1: 'mispeled'"),
    ],
)
def test_a_mistake_is_found_where_it_is(tmp_path, written, found):
    page = tmp_path / "page.md"
    page.write_text(written, encoding="utf-8")
    problems = [problem.removeprefix(f"{tmp_path}/") for problem in prose.problems(page)]
    assert len(problems) == 1 and problems[0].startswith(found)


@pytest.mark.parametrize(
    "written",
    [
        "Code such as `mispeled` and ``mis`peled``, formulas $mispeled$,\n$$\nmispeled\n$$\nand [links](https://mispeled.example/mispeled).\n",
        "```python\nmispeled = 1\n```\n\n```{math}\nmispeled\n```\n\n(mispeled)=\n",
        "Roles {doc}`mispeled`, addresses <https://mispeled.example>, files mispeled.py and names like CamelCased, GPUs, T4 and x86.\n",
        "That that is so, and `the` the word is right.\n\nIt isn't the reader's fault.\n",
        "# What a number is: A name from Kaggle and PyTorch\n\n## Week 3: PyTorch and Training in the Cloud\n",
        "```{lab-card} mispeled\n```\n",
    ],
)
def test_what_is_not_prose_is_left_alone(tmp_path, written):
    page = tmp_path / "page.md"
    page.write_text(written, encoding="utf-8")
    assert prose.problems(page) == []


def test_labs_are_read_in_their_markdown_cells_only(tmp_path):
    lab = tmp_path / "lab.py"
    lab.write_text('# %% [markdown]\n# A mispeled word.\n\n# %%\nmispeled = "mispeled"  # mispeled\n', encoding="utf-8")
    assert [problem.removeprefix(f"{tmp_path}/") for problem in prose.problems(lab)] == [
        "lab.py:2: 'mispeled' is not in the dictionary; if it is right, add it to book/words.txt"
    ]


def test_of_the_curriculum_our_sentences_are_read_and_no_names(tmp_path):
    file = tmp_path / "curriculum.yml"
    file.write_text("summary: A mispeled word.\nresources:\n  - title: Mispeled\n    by: Mispeled\n    note: Another mispeled word\n")
    assert [problem.split(":")[1] for problem in prose.problems(file)] == ["1", "5"]


def test_every_line_stays_where_it_was():
    for path in prose.files():
        if path.suffix != ".yml":
            assert text.read(path).rstrip("\n").count("\n") == path.read_text(encoding="utf-8").rstrip("\n").count("\n"), path


def test_rules_of_the_dictionary_make_the_forms_of_a_word(tmp_path):
    (tmp_path / "en.aff").write_text("SFX D Y 2\nSFX D y ied [^aeiou]y\nSFX D 0 ed [^ey]\nPFX U Y 1\nPFX U 0 un .\n")
    made = spelling.expand("3\ntry/D\nwalk/D\ndo/U\n", spelling.rules(tmp_path / "en.aff"))
    assert made == {"try", "tried", "walk", "walked", "do", "undo"}


def test_the_books_own_words_are_in_order_and_needed():
    words = [line for line in prose.WORDS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert words == sorted(words, key=lambda word: (word.lower(), word)) and len(set(words)) == len(words)
    assert [word for word in words if word in spelling.dictionary() or not re.fullmatch(r"[^\W\d_]+", word)] == []
