"""Cuts at the last safe place before `size`, so that no piece is longer."""

# fails: cut/long_enough, cut/ends_at_the_first
# hears: counted from the start of this piece


def cut(text, size):
    pieces, start = [], 0
    safe = [i for i in range(1, len(text)) if text[i] == " " and not text[i - 1].isspace()]
    while start < len(text):
        ahead = [place for place in safe if place > start]
        near = [place for place in ahead if place - start <= size]
        end = len(text) if len(text) - start <= size or not ahead else (near or ahead[:1])[-1]
        pieces.append(text[start:end])
        start = end
    return pieces
