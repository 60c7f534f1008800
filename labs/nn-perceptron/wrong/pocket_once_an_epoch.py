"""Looks at the accuracy only at the end of each epoch."""

# fails: pocket/keeps_the_best, pocket/three_corners_of_xor
# hears: the walk came past better weights than these: compare after every update


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0.0
    pocket, best = (w, b), accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            w, b, _ = update(w, b, X[row], y[row])
        now = accuracy(predict(X, w, b), y)
        if now > best:
            pocket, best = (w, b), now
    return pocket
