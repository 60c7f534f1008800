"""Cuts before any space, also before one that follows white space."""

# fails: cut/keeps_words, cut/ends_at_the_first
# hears: never between white space


def cut(text, size):
    pieces, start = [], 0
    while start < len(text):
        end = text.find(" ", start + size)
        end = len(text) if end < 0 else end
        pieces.append(text[start:end])
        start = end
    return pieces
