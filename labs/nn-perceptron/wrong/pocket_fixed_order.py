"""Visits the rows in their stored order: on XOR the walk repeats positions that are only half right."""

# fails: pocket/keeps_the_best, pocket/three_corners_of_xor
# hears: is the order new in every epoch?


def train_pocket(X, y, epochs, seed):
    w, b = np.zeros(X.shape[1]), 0.0
    pocket, best = (w, b), accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in range(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken and accuracy(predict(X, w, b), y) > best:
                pocket, best = (w, b), accuracy(predict(X, w, b), y)
    return pocket
