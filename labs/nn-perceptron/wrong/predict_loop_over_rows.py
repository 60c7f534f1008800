"""Loops over the rows, so that one example alone does not work."""

# fails: predict/takes_a_single_example
# hears: a loop over the rows of X does not


def predict(X, w, b):
    return np.array([1 if np.dot(x, w) + b > 0 else -1 for x in X.tolist()])
