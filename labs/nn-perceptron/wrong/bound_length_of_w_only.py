"""Divides by the length of w without the bias: the distance in the picture, but not the one of this theorem."""

# fails: bound/gamma_counts_the_bias
# hears: which is longer than w alone


def mistake_bound(X, y, w, b):
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    gamma = (y * (X @ w + b)).min() / np.linalg.norm(w)
    return radius, gamma, (radius / gamma) ** 2 if gamma > 0 else np.inf
