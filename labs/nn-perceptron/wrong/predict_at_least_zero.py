"""Counts a score of 0 as +1."""

# fails: predict/zero_is_minus_one
# fails: pocket/keeps_the_first_of_equals, pocket/three_corners_of_xor, pocket/starts_with_zero_weights
# hears: > and not >=


def predict(X, w, b):
    return np.where(X @ w + b >= 0, 1, -1)
