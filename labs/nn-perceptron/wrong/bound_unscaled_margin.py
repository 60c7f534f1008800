"""Forgets to divide by the length of the weights."""

# fails: bound/gamma_is_a_distance, bound/gamma_counts_the_bias
# hears: divide by the length of (w, b)


def mistake_bound(X, y, w, b):
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    gamma = (y * (X @ w + b)).min()
    return radius, gamma, (radius / gamma) ** 2 if gamma > 0 else np.inf
