"""Updates counts, but not the index."""

# fails: merge/counts_many, merge/keeps_the_index
# hears: add the number of the word to where


def merge(corpus, pair, new):
    arose = set()
    for number in corpus.where.pop(pair, ()):
        old, frequency = corpus.words[number], corpus.frequencies[number]
        corpus.words[number] = merge_word(old, pair, new)
        for each in pairwise(old):
            corpus.counts[each] -= frequency
        for each in pairwise(corpus.words[number]):
            corpus.counts[each] += frequency
            if new in each:
                arose.add(each)
    return arose
