"""Cuts behind the space."""

# fails: cut/keeps_words, cut/ends_at_the_first
# hears: the space belongs to the word behind it


def cut(text, size):
    pieces, start = [], 0
    while start < len(text):
        end = text.find(" ", start + size - 1)
        end = len(text) if end < 0 else end + 1
        pieces.append(text[start:end])
        start = end
    return pieces
