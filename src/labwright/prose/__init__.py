"""Looks through the book's prose for misspelled and doubled words, words that sell, and headings in title case.

Every finding names its file and line. What is not prose (code, formulas, addresses) is blanked first, see `text`.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from labwright.paths import BOOK, ROOT
from labwright.prose import spelling, text

TITLE = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
WORDS = BOOK / "words.txt"
WORD = re.compile(r"(?<![\w.@/#-])[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)*(?![\w@/]|\.\w)")
DOUBLED = re.compile(r"\b([a-z]+)\s+\1\b", re.IGNORECASE)
# Words that praise instead of saying what is so, or tell a reader who struggles that it is easy. (With a capital, they are names.)
SELLING = re.compile(
    r"\b(amazing(ly)?|awesome|blazing(ly)?|breathtaking|cutting[- ]edge|deep dive|delv(e|es|ing)|effortless(ly)?|ever-evolving|exciting"
    r"|game[- ]chang(er|ing)|groundbreaking|incredibl[ey]|magical(ly)?|obviously|powerful|revolutioni[sz]e[sd]?|revolutionary"
    r"|seamless(ly)?|simply put|stunning(ly)?|supercharged?|trivially|unleash(es|ed)?|world[- ]class)\b"
)


def files() -> list[Path]:
    """Everything that holds prose for people."""
    own = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*own, *sorted(BOOK.rglob("*.md")), BOOK / "curriculum.yml", *sorted(ROOT.glob("labs/*/lab.py"))]


@cache
def known() -> frozenset[str]:
    """The words of the dictionary and of the book's own list."""
    own = {line.strip() for line in WORDS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")}
    return spelling.dictionary() | own


def problems(path: Path) -> list[str]:
    """What is wrong in one file, in the order of its lines."""
    prose = text.read(path)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    found = [(prose.count("\n", 0, place) + 1, what) for look in (_spelling, _doubled, _selling, _headings) for place, what in look(prose)]
    return [f"{shown}:{line}: {what}" for line, what in sorted(found)]


def _spelling(prose: str) -> Iterator[tuple[int, str]]:
    for match in WORD.finditer(prose):
        word = match[0].replace("’", "'")
        bare = re.sub(r"'s?$|'(ll|re|ve|d)$", "", word)
        if len(bare) > 2 and bare[1:] == bare[1:].lower() and not {word, word.lower(), bare, bare.lower()} & known():
            yield match.start(), f"'{word}' is not in the dictionary; if it is right, add it to {WORDS.relative_to(ROOT)}"


def _doubled(prose: str) -> Iterator[tuple[int, str]]:
    for match in DOUBLED.finditer(prose):
        if match[1].lower() not in ("that", "had") and "\n\n" not in match[0]:
            yield match.start(), f"'{match[1]}' stands here twice"


def _selling(prose: str) -> Iterator[tuple[int, str]]:
    for match in SELLING.finditer(prose):
        yield match.start(), f"'{match[0]}' sells instead of saying what is so"


def _headings(prose: str) -> Iterator[tuple[int, str]]:
    """In sentence case: after the first word, and after a colon, only names begin with a capital."""
    for heading in re.finditer(r"^#{1,6} (?!Week \d|Phase \d)(.+)$", prose, re.MULTILINE):  # weeks bear their programs' titles
        for match in re.finditer(r"(?<=[\w,)?] )[A-Z][a-z]+\b", heading[1].replace(TITLE, TITLE.lower())):
            if match[0] not in known() and match[0].lower() in known():
                yield heading.start(), f"'{match[0]}' has a capital in a heading; headings are in sentence case"
