"""Puts the first weights into the pocket whatever they are, because it starts from an accuracy of 0."""

# fails: pocket/keeps_the_first_of_equals, pocket/starts_with_zero_weights
# hears: the accuracy of the zero weights is the first one to beat


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b, best = np.zeros(X.shape[1]), 0.0, 0.0
    pocket = (w, b)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken and accuracy(predict(X, w, b), y) > best:
                pocket, best = (w, b), accuracy(predict(X, w, b), y)
    return pocket
