"""Replaces the pocket by weights that are only as good."""

# fails: pocket/keeps_the_first_of_equals, pocket/starts_with_zero_weights
# hears: only by strictly better weights


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0.0
    pocket, best = (w, b), accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            now = accuracy(predict(X, w, b), y)
            if mistaken and now >= best:
                pocket, best = (w, b), now
    return pocket
