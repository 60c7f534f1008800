"""Goes through all words."""

# fails: merge/looks_only_where_told
# hears: a loop over all words is what the naive trainer does


def merge(corpus, pair, new):
    arose = set()
    for number, old in enumerate(list(corpus.words)):
        frequency, word = corpus.frequencies[number], merge_word(old, pair, new)
        if word == old:
            continue
        corpus.words[number] = word
        for each in pairwise(old):
            corpus.counts[each] -= frequency
        for each in pairwise(word):
            corpus.counts[each] += frequency
            if new in each:
                corpus.where[each].add(number)
                arose.add(each)
    return arose
