"""A pattern with possessive quantifiers, changes gathered before they are applied, pairs grouped by count, and encoding with a heap
over linked tokens."""


def word_pattern():
    return r"(?:'(?:[sdmt]|ll|ve|re))| ?+\p{L}++| ?+\p{N}++| ?+[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s+"


def merge(corpus, pair, new):
    changes, arose = Counter(), set()
    for number in corpus.where.pop(pair, ()):
        before, word, frequency = corpus.words[number], [], corpus.frequencies[number]
        for token in before:
            if word and token == pair[1] and word[-1] == pair[0]:
                word[-1] = -1  # a place that the next token cannot join
            else:
                word.append(token)
        corpus.words[number] = word = [new if token == -1 else token for token in word]
        if len(word) == len(before):
            continue
        changes.subtract({each: frequency * times for each, times in Counter(pairwise(before)).items()})
        for each in pairwise(word):
            changes[each] += frequency
            if new in each:
                arose.add(each)
                corpus.where[each].add(number)
    for each, change in changes.items():
        corpus.counts[each] += change
    return arose


def train(words, merges):
    corpus, levels, result = Corpus(words), defaultdict(list), []
    for pair, count in corpus.counts.items():
        heapq.heappush(levels[count], pair)
    while levels and len(result) < merges:
        level = max(levels)
        pair = heapq.heappop(levels[level])
        if not levels[level]:
            del levels[level]
        count = corpus.counts.get(pair, 0)
        if count == level:
            result.append(pair)
            for each in merge(corpus, pair, 255 + len(result)):
                heapq.heappush(levels[corpus.counts[each]], each)
        elif count > 0:
            heapq.heappush(levels[count], pair)
        levels.pop(0, None)
    return result


def cut(text, size):
    pieces, current = [], ""
    for part in regex.split(r"(?<=[^\s\x1c-\x1f])(?= )", text, flags=regex.V1):
        if len(current) >= size:
            pieces.append(current)
            current = ""
        current += part
    return [*pieces, current] if current else pieces


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word):
        parts, after, before = [bytes([byte]) for byte in word], list(range(1, len(word) + 1)), list(range(-1, len(word) - 1))
        queue = []

        def offer(left, right):
            if left >= 0 and right < len(parts) and parts[left] + parts[right] in self.ranks:
                heapq.heappush(queue, (self.ranks[parts[left] + parts[right]], left, right, parts[left], parts[right]))

        for place in range(len(parts) - 1):
            offer(place, place + 1)
        while queue:
            _, left, right, one, other = heapq.heappop(queue)
            if parts[left] != one or parts[right] != other or after[left] != right:
                continue
            parts[left], parts[right], after[left] = one + other, None, after[right]
            if after[left] < len(parts):
                before[after[left]] = left
            offer(before[left], left)
            offer(left, after[left])
        return [self.ranks[part] for part in parts if part is not None]

    def encode(self, text):
        ids = []
        for word in self.find_words(text):
            if (known := self.cache.get(word)) is None:
                known = self.cache[word] = self.encode_word(bytes(word, "utf-8"))
            ids.extend(known)
        return ids
