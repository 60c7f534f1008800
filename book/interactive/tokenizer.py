"""Byte-pair merges learned on Moby-Dick, each with how often its pair stood in the text when it was learned."""

import itertools
import json
import re
from collections import Counter, defaultdict

from drawing import COLORS, NEUTRAL, picture, text

MERGES = 2000
WORDS = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")  # a merge never crosses from one such piece to the next
EXAMPLE = "The whale swallowed the harpooner whole."


def data() -> dict:
    """Each merge as [left token, right token, count]; a token below 256 is a byte, token 256 + i is what merge i makes."""
    return {"example": EXAMPLE, "merges": learn(Counter(WORDS.findall(novel())), MERGES)}


def novel() -> str:
    """Moby-Dick, chapter by chapter."""
    from scratchlab import data as packages

    chapters = (packages.get("moby-dick") / "package" / "data").glob("chapter_*.json")
    numbered = sorted(chapters, key=lambda path: int(re.search(r"\d+", path.stem).group()))
    return "\n\n".join(json.loads(path.read_text(encoding="utf-8"))["text"] for path in numbered)


def learn(words: Counter, merges: int) -> list[list[int]]:
    """Merge the most frequent pair (of equals, the one with the smaller numbers), again and again; recount only what changed."""
    pieces = [(list(word.encode()), times) for word, times in words.items()]
    counts, where = Counter(), defaultdict(set)
    for number, (tokens, times) in enumerate(pieces):
        for pair in itertools.pairwise(tokens):
            counts[pair] += times
            where[pair].add(number)
    learned = []
    for new in range(256, 256 + merges):
        pair = max(counts, key=lambda each: (counts[each], -each[0], -each[1]))
        learned.append([*pair, counts[pair]])
        for number in where.pop(pair):
            tokens, times = pieces[number]
            for old in itertools.pairwise(tokens):
                counts[old] -= times
                if not counts[old]:
                    del counts[old]
            tokens = merged(tokens, pair, new)
            pieces[number] = tokens, times
            for fresh in itertools.pairwise(tokens):
                counts[fresh] += times
                where[fresh].add(number)
    return learned


def merged(tokens: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """`tokens` with every `pair` in it replaced by `new`, from the left."""
    out, at = [], 0
    while at < len(tokens):
        if tuple(tokens[at : at + 2]) == pair:
            out.append(new)
            at += 2
        else:
            out.append(tokens[at])
            at += 1
    return out


def cut(sentence: str, merges: list[list[int]]) -> list[bytes]:
    """The tokens of `sentence` after all these merges, as bytes."""
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right, _ in merges:
        spelled.append(spelled[left] + spelled[right])
    found = []
    for word in WORDS.findall(sentence):
        tokens = list(word.encode())
        for number, (left, right, _) in enumerate(merges):
            tokens = merged(tokens, (left, right), 256 + number)
        found += [spelled[token] for token in tokens]
    return found


def still(made: dict) -> str:
    """The picture for paper: one sentence after more and more merges."""
    drawn, y = [], 30
    for count in (0, 20, 100, 500, MERGES):
        tokens = cut(made["example"], made["merges"][:count])
        drawn.append(text(4, y, f"{count:,} merges: {len(tokens)} tokens", bold=True))
        x = 4.0
        for number, token in enumerate(tokens):
            shown = token.decode().replace(" ", "\u2423")
            width = 8.4 * len(shown) + 6
            color = COLORS[number % 4]
            drawn.append(f'<rect x="{x:.1f}" y="{y + 10}" width="{width:.1f}" height="24" rx="3" fill="{color}" fill-opacity="0.22"/>')
            drawn.append(text(x + 3, y + 27, shown, size=14).replace("<text", '<text font-family="ui-monospace, monospace"'))
            x += width + 2
        y += 62
    drawn.append(text(4, y, "\u2423 stands for a space", size=13, color=NEUTRAL))
    return picture(720, y + 12, "A sentence cut into tokens after more and more merges", drawn)
