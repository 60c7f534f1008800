"""White space takes all it can."""

# fails: word_pattern/leaves_the_last_space, word_pattern/cuts_like_gpt2
# hears: as much white space as is not followed by something else


def word_pattern():
    return r"'(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"
