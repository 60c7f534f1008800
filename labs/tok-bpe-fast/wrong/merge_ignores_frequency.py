"""Counts each word once, whatever its frequency."""

# fails: merge/counts_once, merge/counts_overlaps, merge/counts_many
# hears: each occurrence counts as often as its word


def merge(corpus, pair, new):
    arose = set()
    for number in corpus.where.pop(pair, ()):
        old = corpus.words[number]
        corpus.words[number] = merge_word(old, pair, new)
        for each in pairwise(old):
            corpus.counts[each] -= 1
        for each in pairwise(corpus.words[number]):
            corpus.counts[each] += 1
            if new in each:
                corpus.where[each].add(number)
                arose.add(each)
    return arose
