"""One class for letters, digits and the underscore."""

# fails: word_pattern/knows_scripts, word_pattern/cuts_like_gpt2
# hears: takes letters, digits and the underscore together


def word_pattern():
    return r"'(?:[stmd]|re|ve|ll)| ?\w+| ?\p{N}+| ?[^\s\w]+|\s+(?!\S)|\s+"
