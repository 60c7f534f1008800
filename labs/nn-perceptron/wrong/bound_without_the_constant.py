"""Counts the bias in the weights, but not the constant 1 in the inputs."""

# fails: bound/radius_is_the_longest
# hears: the length without the appended 1


def mistake_bound(X, y, w, b):
    radius = np.linalg.norm(X, axis=1).max()
    gamma = (y * (X @ w + b)).min() / np.linalg.norm(np.append(w, b))
    return radius, gamma, (radius / gamma) ** 2 if gamma > 0 else np.inf
