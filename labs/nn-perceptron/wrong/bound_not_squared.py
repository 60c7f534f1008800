"""Forgets the square."""

# fails: bound/bound_is_the_square
# hears: R / gamma, and then the square


def mistake_bound(X, y, w, b):
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    gamma = (y * (X @ w + b)).min() / np.linalg.norm(np.append(w, b))
    return radius, gamma, radius / gamma if gamma > 0 else np.inf
