"""Stops at the first example that is right, instead of the first epoch that is."""

# fails: train/separates, train/lists_mistakes_in_order, train/gives_up, train/equals_scikit_learn
# hears: the list stops early


def train(X, y, max_epochs=1000):
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        for row in range(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if not mistaken:
                return w, b, mistakes
            mistakes.append(row)
    return w, b, mistakes
