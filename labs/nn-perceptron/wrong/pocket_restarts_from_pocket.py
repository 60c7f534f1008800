"""Throws a worse position away and walks on from the pocket, so that it gets stuck."""

# fails: pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/separates_when_it_can
# hears: let the walk go on from where it is, not from the pocket


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0.0
    best = accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            new_w, new_b, _ = update(w, b, X[row], y[row])
            now = accuracy(predict(X, new_w, new_b), y)
            if now > best:
                w, b, best = new_w, new_b, now
    return w, b
