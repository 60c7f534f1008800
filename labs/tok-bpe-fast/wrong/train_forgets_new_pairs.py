"""Pushes nothing after a merge: only pairs of bytes are ever merged."""

# fails: train/new_pairs_take_part, train/ends, train/long_trainings, train/comes_back
# hears: push every pair that merge returns


def train(words, merges):
    corpus, found = Corpus(words), []
    heap = [(-count, pair) for pair, count in corpus.counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < merges:
        bound, pair = heapq.heappop(heap)
        count = corpus.counts[pair]
        if 0 < count != -bound:
            heapq.heappush(heap, (-count, pair))
        elif count > 0:
            merge(corpus, pair, 256 + len(found))
            found.append(pair)
    return found
