"""Any white space in front of a word, not only a plain space."""

# fails: word_pattern/takes_one_space, word_pattern/leaves_the_last_space, word_pattern/cuts_like_gpt2
# hears: which takes tabs and line ends, too


def word_pattern():
    return r"'(?:[stmd]|re|ve|ll)|\s?\p{L}+|\s?\p{N}+|\s?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
