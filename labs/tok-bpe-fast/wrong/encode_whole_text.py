"""Encodes the text as if it were one word."""

# fails: encode/word_by_word, encode/uses_the_cache, encode/own_cache
# hears: No merge crosses their borders


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}

    def encode_word(self, word):
        parts = [bytes([byte]) for byte in word]
        while len(parts) > 1:
            found = [self.ranks.get(a + b, np.inf) for a, b in pairwise(parts)]
            if min(found) == np.inf:
                break
            i = found.index(min(found))
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [self.ranks[part] for part in parts]

    def encode(self, text):
        if text not in self.cache:
            self.cache[text] = self.encode_word(text.encode())
        return self.cache[text]
