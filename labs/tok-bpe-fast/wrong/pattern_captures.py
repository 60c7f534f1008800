"""Groups the endings in parentheses that capture."""

# fails: word_pattern/loses_nothing
# hears: write (?:...)


def word_pattern():
    return r"'(s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
