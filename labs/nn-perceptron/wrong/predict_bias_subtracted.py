"""Reads the bias as a threshold to exceed: w·x > b."""

# fails: predict/counts_the_bias
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/separates_when_it_can
# hears: with its own sign


def predict(X, w, b):
    return np.where(X @ w > b, 1, -1)
