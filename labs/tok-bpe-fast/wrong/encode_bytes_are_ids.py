"""Takes a byte's value for its id."""

# fails: encode/ids_from_ranks
# hears: a byte is a token of length 1


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word):
        parts = [bytes([byte]) for byte in word]
        while len(parts) > 1:
            found = [self.ranks.get(a + b, np.inf) for a, b in pairwise(parts)]
            if min(found) == np.inf:
                break
            i = found.index(min(found))
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [part[0] if len(part) == 1 else self.ranks[part] for part in parts]

    def encode(self, text):
        ids = []
        for word in self.find_words(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word.encode())
            ids += self.cache[word]
        return ids
