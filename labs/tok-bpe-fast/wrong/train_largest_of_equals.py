"""Takes the largest pair of those with equal counts, as max does."""

# fails: train/smallest_of_equals, train/new_pairs_take_part, train/long_trainings
# hears: yours takes the largest


def train(words, merges):
    corpus, found = Corpus(words), []
    heap = [(-count, -pair[0], -pair[1]) for pair, count in corpus.counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < merges:
        bound, left, right = heapq.heappop(heap)
        pair = (-left, -right)
        count = corpus.counts[pair]
        if count != -bound:
            if count > 0:
                heapq.heappush(heap, (-count, left, right))
            continue
        if count < 1:
            continue
        for x, y in merge(corpus, pair, 256 + len(found)):
            heapq.heappush(heap, (-corpus.counts[x, y], -x, -y))
        found.append(pair)
    return found
