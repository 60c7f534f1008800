"""Takes the longest token at each place, as WordPiece does."""

# fails: encode/earliest_first, encode/like_tiktoken
# hears: not the longest token


class Encoder:
    def __init__(self, ranks):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word):
        ids, start = [], 0
        while start < len(word):
            end = max(end for end in range(start + 1, len(word) + 1) if word[start:end] in self.ranks)
            ids.append(self.ranks[word[start:end]])
            start = end
        return ids

    def encode(self, text):
        ids = []
        for word in self.find_words(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word.encode())
            ids += self.cache[word]
        return ids
