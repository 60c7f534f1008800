"""Visits the rows in a random order."""

# fails: train/lists_mistakes_in_order, train/gives_up, train/equals_scikit_learn
# hears: visit the rows 0, 1, 2, ... in every epoch


def train(X, y, max_epochs=1000):
    rng = np.random.default_rng(0)
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        before = len(mistakes)
        for row in rng.permutation(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                mistakes.append(int(row))
        if len(mistakes) == before:
            break
    return w, b, mistakes
