"""References of the lab tok-bpe-fast. They stand in for the answers to earlier tasks while a later task is checked, and the checks
compare with them; `slip` names a mistake to make, for the messages. The text of this file is sent to the learner's kernel when a
grader judges from outside.
"""

import signal
import threading
from collections import Counter, defaultdict
from itertools import pairwise

PATTERN = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def word_pattern():
    """The pattern of GPT-2."""
    return PATTERN


# ---------------------------------------------------------------- loops that never end


class Late(BaseException):
    """Time is up; not an Exception, so that no answer catches it by accident."""


def bounded(function, *args):
    """{"value": function(*args)}, or {} if that takes more than 2 s of processor time: what is tried here takes milliseconds.

    Where there is no such alarm (Windows, or a thread that is not the main one) it takes as long as it takes.
    """

    def late(*_):
        raise Late

    armed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if armed:
        handler = signal.signal(signal.SIGVTALRM, late)
        signal.setitimer(signal.ITIMER_VIRTUAL, 2, 0.5)  # again and again, should somebody catch it
    try:
        return {"value": function(*args)}
    except Late:
        return {}
    finally:
        if armed:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, handler)


# ---------------------------------------------------------------- a corpus


class Corpus:
    """Words, frequencies, counts of pairs and the index, as in the lab."""

    def __init__(self, words):
        self.words, self.frequencies = [list(word.encode()) for word in words], list(words.values())
        self.counts, self.where = defaultdict(int), defaultdict(set)
        for number, (word, frequency) in enumerate(zip(self.words, self.frequencies, strict=True)):
            for pair in pairwise(word):
                self.counts[pair] += frequency
                self.where[pair].add(number)


def merged(word, pair, new):
    """The word with the pair replaced, from left to right."""
    out, i = [], 0
    while i < len(word):
        if tuple(word[i : i + 2]) == tuple(pair):
            out.append(new)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out


def merge(corpus, pair, new):
    """Replace a pair in all words, by counting those words again."""
    arose = set()
    for number in sorted(corpus.where.pop(pair, ())):
        old, frequency = corpus.words[number], corpus.frequencies[number]
        corpus.words[number] = merged(old, pair, new)
        for each in pairwise(old):
            corpus.counts[each] -= frequency
        for each in pairwise(corpus.words[number]):
            corpus.counts[each] += frequency
            if new in each:
                corpus.where[each].add(number)
                arose.add(each)
    corpus.counts.pop(pair, None)
    return arose


def counted(words, frequencies):
    """The counts of all pairs of words of tokens."""
    counts = Counter()
    for word, frequency in zip(words, frequencies, strict=True):
        for pair in pairwise(word):
            counts[pair] += frequency
    return counts


def train(words, merges, slip=""):
    """The merges, each found by counting everything. slip: "largest of equals", "first of equals"."""
    tokens, found = [list(word.encode()) for word in words], []
    while len(found) < merges:
        counts = counted(tokens, words.values())
        if not counts:
            break
        most = max(counts.values())
        best = [pair for pair, count in counts.items() if count == most]
        choose = {"largest of equals": max, "first of equals": lambda pairs: pairs[0]}.get(slip, min)
        found.append(choose(best))
        tokens = [merged(word, found[-1], 255 + len(found)) for word in tokens]
    return found


# ---------------------------------------------------------------- what a corpus tells


def after(corpus, calls, merge):
    """What a corpus says after these calls of `merge`, as plain data; and what each call returned."""
    returned = [merge(corpus, pair, new) for pair, new in calls]
    return {
        "words": [list(word) for word in corpus.words],
        "counts": {pair: count for pair, count in corpus.counts.items() if count != 0},
        "where": {pair: sorted(numbers) for pair, numbers in corpus.where.items()},
        "frequencies": list(corpus.frequencies),
        "returned": returned,
    }


class Watched(list):
    """A list that notes which of its places are looked at."""

    def __init__(self, items):
        super().__init__(items)
        self.seen = set()

    def __getitem__(self, place):
        self.seen |= set(range(*place.indices(len(self)))) if isinstance(place, slice) else {place}
        return super().__getitem__(place)

    def __iter__(self):
        self.seen |= set(range(len(self)))
        return super().__iter__()


def visited(corpus, pair, new, merge):
    """The numbers of the words that `merge` looks at."""
    corpus.words = Watched(corpus.words)
    merge(corpus, pair, new)
    return sorted(corpus.words.seen) if isinstance(corpus.words, Watched) else list(range(len(corpus.words)))


class Spied(dict):
    """A dictionary like a defaultdict of int that notes each time when somebody goes through all of it."""

    passes = 0

    def __missing__(self, key):
        self[key] = 0
        return 0

    def _pass(self):
        Spied.passes += 1

    def __iter__(self):
        self._pass()
        return super().__iter__()

    def items(self):
        self._pass()
        return super().items()

    def keys(self):
        self._pass()
        return super().keys()

    def values(self):
        self._pass()
        return super().values()


class SpiedCorpus(Corpus):
    """A corpus whose counts are spied on."""

    def __init__(self, words):
        super().__init__(words)
        self.counts = Spied(self.counts)


def passes(train, words, merges):
    """How often `train` goes through all counts of its (spied) corpus, and how many merges it returns."""
    Spied.passes = 0
    found = train(words, merges)
    return Spied.passes, len(found)


# ---------------------------------------------------------------- encoding


def encode_word(ranks, word, slip=""):
    """The ids of a word. slip: "last first", "longest", "in order of place"."""
    parts = [bytes([byte]) for byte in word]
    while True:
        able = [(ranks[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not able:
            return [ranks[part] for part in parts]
        _, i = {"last first": max(able), "in order of place": min(able, key=lambda each: each[1])}.get(slip, min(able))
        parts[i : i + 2] = [parts[i] + parts[i + 1]]


def calls(Encoder, ranks, texts):
    """The ids of the texts by one encoder, and the words for which it called encode_word, in order. Another one read them before."""
    first = Encoder(ranks)
    for text in texts:
        first.encode(text)
    seen = []

    class Listening(Encoder):
        def encode_word(self, word):
            seen.append(word)
            return super().encode_word(word)

    encoder = Listening(ranks)
    return [list(encoder.encode(text)) for text in texts], seen


def aliases(Encoder, ranks, text):
    """The ids of a text before and after somebody has changed the list that came first."""
    encoder = Encoder(ranks)
    first = encoder.encode(text)
    before = list(first)
    first += [-1, -2]
    return before, list(encoder.encode(text))


# ---------------------------------------------------------------- pieces


def cut(text, size):
    """Pieces that end at the first safe place at or after `size` characters."""
    pieces, start = [], 0
    for place in range(1, len(text)):
        if place - start >= size and text[place] == " " and not text[place - 1].isspace():
            pieces.append(text[start:place])
            start = place
    return [*pieces, text[start:]] if text else []
