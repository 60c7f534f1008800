"""Reads the neighbors from the word as it was before: two merges side by side get wrong pairs."""

# fails: merge/counts_overlaps, merge/counts_many, merge/keeps_the_index, merge/returns_what_arose
# hears: in a b a b the new tokens become neighbors


def merge(corpus, pair, new):
    (a, b), arose = pair, set()
    for number in corpus.where.pop(pair, ()):
        old, frequency = corpus.words[number], corpus.frequencies[number]
        i = 0
        while i < len(old) - 1:
            if (old[i], old[i + 1]) == pair:
                changes = []
                if i > 0:
                    changes.append(((old[i - 1], a), (old[i - 1], new)))
                if i + 2 < len(old):
                    changes.append(((b, old[i + 2]), (new, old[i + 2])))
                for before, after in changes:
                    corpus.counts[before] -= frequency
                    corpus.counts[after] += frequency
                    corpus.where[after].add(number)
                    arose.add(after)
                i += 1
            i += 1
        corpus.words[number] = merge_word(old, pair, new)
    corpus.counts.pop(pair, None)
    return arose
