"""Replaces every place at which the pair stands, even where two of them share a token."""

# fails: merge/replaces, merge/counts_overlaps, merge/counts_many, merge/keeps_the_index, merge/returns_what_arose
# hears: aaa with the pair (a, a) becomes Xa


def merge(corpus, pair, new):
    arose = set()
    for number in corpus.where.pop(pair, ()):
        old, frequency, word = corpus.words[number], corpus.frequencies[number], []
        for i, token in enumerate(old):
            if tuple(old[i : i + 2]) == pair:
                word.append(new)
            elif tuple(old[i - 1 : i + 1]) != pair:
                word.append(token)
        corpus.words[number] = word
        for each in pairwise(old):
            corpus.counts[each] -= frequency
        for each in pairwise(word):
            corpus.counts[each] += frequency
            if new in each:
                corpus.where[each].add(number)
                arose.add(each)
    return arose
