"""Counts each touched word again, keeps an exact index, throws stale entries away after having pushed every change, merges all places
of a word at once, and cuts with one regular expression."""


def word_pattern():
    return "|".join((r"'s|'t|'re|'ve|'m|'ll|'d", r"[ ]?\p{L}+", r"[ ]?\p{N}+", r"[ ]?[^\s\p{L}\p{N}]+", r"\s+(?!\S)", r"\s+"))


def merge(corpus, pair, new):
    arose = set()
    for number in list(corpus.where[pair]):
        old = corpus.words[number]
        word = merge_word(old, pair, new)
        for each in pairwise(old):
            corpus.counts[each] -= corpus.frequencies[number]
            corpus.where[each].discard(number)
        for each in pairwise(word):
            corpus.counts[each] += corpus.frequencies[number]
            corpus.where[each].add(number)
        corpus.words[number] = word
        arose |= {each for each in pairwise(word) if new in each}
    return arose


def train(words, merges):
    corpus, result = Corpus(words), []
    heap = sorted((-count, left, right) for (left, right), count in corpus.counts.items())
    for new in range(256, 256 + merges):
        while heap:
            bound, left, right = heap[0]
            true = -corpus.counts.get((left, right), 0)
            if bound == true:
                break
            heapq.heapreplace(heap, (true, left, right))
        if not heap or heap[0][0] == 0:
            break
        _, left, right = heapq.heappop(heap)
        result.append((left, right))
        for x, y in merge(corpus, (left, right), new):
            heapq.heappush(heap, (-corpus.counts[x, y], x, y))
    return result


def cut(text, size):
    starts = [0]
    for found in regex.finditer(r"(?<=\S) ", text):
        place = found.start()
        if place - starts[-1] >= size and not text[place - 1].isspace():
            starts.append(place)
    return [text[a:b] for a, b in pairwise([*starts, len(text)]) if a < b]


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word):
        parts = list(map(bytes, zip(word)))
        while True:
            pairs = {(self.ranks[a + b], a, b) for a, b in pairwise(parts) if a + b in self.ranks}
            if not pairs:
                return list(map(self.ranks.get, parts))
            _, left, right = min(pairs)
            merged = []
            for part in parts:
                if merged and not isinstance(merged[-1], tuple) and merged[-1] == left and part == right:
                    merged[-1] = (left + right,)
                else:
                    merged.append(part)
            parts = [part[0] if isinstance(part, tuple) else part for part in merged]

    def encode(self, text):
        found = self.find_words(text)
        for word in dict.fromkeys(found):
            if word not in self.cache:
                self.cache[word] = tuple(self.encode_word(word.encode("utf-8")))
        return [number for word in found for number in self.cache[word]]
