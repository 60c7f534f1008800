"""Merges the first neighbors that fit."""

# fails: encode/earliest_first, encode/like_tiktoken
# hears: not the first that fit


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word):
        parts = [bytes([byte]) for byte in word]
        while able := [i for i, (a, b) in enumerate(pairwise(parts)) if a + b in self.ranks]:
            i = able[0]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [self.ranks[part] for part in parts]

    def encode(self, text):
        ids = []
        for word in self.find_words(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word.encode())
            ids += self.cache[word]
        return ids
