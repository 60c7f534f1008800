"""Forgets the bias."""

# fails: predict/counts_the_bias
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/separates_when_it_can
# hears: is b added to the score


def predict(X, w, b):
    return np.where(X @ w > 0, 1, -1)
