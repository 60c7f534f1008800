"""Finds all mistakes with the weights of the epoch's start, then adds them all at once (the batch rule)."""

# fails: train/lists_mistakes_in_order, train/gives_up, train/equals_scikit_learn
# hears: are the weights updated within the epoch?


def train(X, y, max_epochs=1000):
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        rows = np.flatnonzero(y * (X @ w + b) <= 0)
        if len(rows) == 0:
            break
        w, b = w + y[rows] @ X[rows], b + y[rows].sum()
        mistakes.extend(rows.tolist())
    return w, b, mistakes
