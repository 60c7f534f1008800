"""Believes every entry."""

# fails: train/comes_back, train/new_pairs_take_part, train/long_trainings
# hears: still says 14


def train(words, merges):
    corpus, found = Corpus(words), []
    heap = [(-count, pair) for pair, count in corpus.counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < merges:
        _, pair = heapq.heappop(heap)
        for each in merge(corpus, pair, 256 + len(found)):
            heapq.heappush(heap, (-corpus.counts[each], each))
        found.append(pair)
    return found
