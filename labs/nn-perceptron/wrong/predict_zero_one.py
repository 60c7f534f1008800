"""Answers with the digits 0 and 1 instead of the labels."""

# fails: predict/takes_a_single_example, predict/follows_the_sign, predict/zero_is_minus_one
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/separates_when_it_can
# hears: answers that are 0 and 1


def predict(X, w, b):
    return (X @ w + b > 0).astype(int)
