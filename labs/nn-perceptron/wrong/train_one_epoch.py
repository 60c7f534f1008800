"""Returns from inside the loop over the epochs: one pass only."""

# fails: train/separates, train/lists_mistakes_in_order, train/gives_up, train/equals_scikit_learn
# hears: does training go on until a whole epoch has no mistake?


def train(X, y, max_epochs=1000):
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        for row in range(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                mistakes.append(row)
        return w, b, mistakes
