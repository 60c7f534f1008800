"""Makes a new heap for each merge."""

# fails: train/does_not_search
# hears: go through the counts once


def train(words, merges):
    corpus, found = Corpus(words), []
    while len(found) < merges:
        heap = [(-count, pair) for pair, count in corpus.counts.items() if count > 0]
        if not heap:
            break
        heapq.heapify(heap)
        _, pair = heap[0]
        merge(corpus, pair, 256 + len(found))
        found.append(pair)
    return found
