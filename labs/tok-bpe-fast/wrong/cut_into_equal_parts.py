"""Cuts every `size` characters."""

# fails: cut/keeps_words, cut/ends_at_the_first
# hears: cut before a plain space


def cut(text, size):
    return [text[start : start + size] for start in range(0, len(text), size)]
