"""Uses np.sign, which answers 0 to a score of 0."""

# fails: predict/zero_is_minus_one
# fails: pocket/keeps_the_first_of_equals, pocket/three_corners_of_xor, pocket/starts_with_zero_weights
# hears: np.sign gives 0 for 0, and 0 is no label


def predict(X, w, b):
    return np.sign(X @ w + b)
