"""The pocket holds the walk's own array, which `+=` goes on changing: it is always the last weights."""

# fails: pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/starts_with_zero_weights
# hears: Does the pocket hold the same array as the walk


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), np.zeros(())
    pocket, best = (w, b), accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            if y[row] * (w @ X[row] + b) <= 0:
                w += y[row] * X[row]
                b += y[row]
                now = accuracy(predict(X, w, b), y)
                if now > best:
                    pocket, best = (w, b), now
    return pocket
