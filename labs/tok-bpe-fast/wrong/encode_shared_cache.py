"""One cache for all encoders, made as a default argument."""

# fails: encode/uses_the_cache, encode/own_cache
# hears: not a variable that all encoders share


class Encoder:
    def __init__(self, ranks, cache={}):
        self.ranks, self.cache = ranks, cache
        self.find_words = regex.compile(word_pattern()).findall

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
        ids = []
        for word in self.find_words(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word.encode())
            ids += self.cache[word]
        return ids
