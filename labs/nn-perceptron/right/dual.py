"""The dual form: count how often each row was a mistake, and score with inner products of rows; the pocket picks from a recorded walk."""


def train(X, y, max_epochs=1000):
    gram, alpha, mistakes = X @ X.T + 1.0, np.zeros(len(X)), []
    for _ in range(max_epochs):
        clean = True
        for row in range(len(X)):
            if y[row] * (gram[row] @ (alpha * y)) <= 0:
                alpha[row] += 1
                mistakes.append(row)
                clean = False
        if clean:
            break
    return (alpha * y) @ X, float(alpha @ y), mistakes


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b, walk = np.zeros(X.shape[1]), 0.0, []
    walk.append((w, b))
    for row in np.concatenate([rng.permutation(len(X)) for _ in range(epochs)]):
        w, b, mistaken = update(w, b, X[row], y[row])
        if mistaken:
            walk.append((w, b))
    shares = [np.count_nonzero(predict(X, *position) == y) for position in walk]
    return walk[int(np.argmax(shares))]  # argmax takes the first of equals
