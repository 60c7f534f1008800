"""Throws an entry away when it no longer tells the truth."""

# fails: train/comes_back, train/long_trainings
# hears: without it the pair is lost


def train(words, merges):
    corpus, found = Corpus(words), []
    heap = [(-count, pair) for pair, count in corpus.counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < merges:
        bound, pair = heapq.heappop(heap)
        if corpus.counts[pair] != -bound or not bound:
            continue
        for each in merge(corpus, pair, 256 + len(found)):
            heapq.heappush(heap, (-corpus.counts[each], each))
        found.append(pair)
    return found
