"""Returns every pair whose count has changed."""

# fails: merge/returns_what_arose
# hears: pairs of old tokens can only become rarer


def merge(corpus, pair, new):
    changed = set()
    for number in corpus.where.pop(pair, ()):
        old, frequency = corpus.words[number], corpus.frequencies[number]
        corpus.words[number] = merge_word(old, pair, new)
        for each in pairwise(old):
            corpus.counts[each] -= frequency
            changed.add(each)
        for each in pairwise(corpus.words[number]):
            corpus.counts[each] += frequency
            corpus.where[each].add(number)
            changed.add(each)
    return changed
