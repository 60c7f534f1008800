"""Measures the distance to the boundary without asking on which side."""

# fails: bound/gamma_is_the_worst_case, bound/no_promise_without_a_margin
# hears: keep the label's sign


def mistake_bound(X, y, w, b):
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    gamma = np.abs(X @ w + b).min() / np.linalg.norm(np.append(w, b))
    return radius, gamma, (radius / gamma) ** 2 if gamma > 0 else np.inf
