"""Endings in capitals too, as GPT-4 has them."""

# fails: word_pattern/cuts_endings, word_pattern/cuts_like_gpt2
# hears: 'S is not among them


def word_pattern():
    return r"'(?i:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
