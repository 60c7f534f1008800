"""No vectorization: sums, loops and lists, as someone writes who comes from plain Python."""

import math


def dot(u, v):
    return sum(float(a) * float(b) for a, b in zip(u, v, strict=True))


def predict(X, w, b):
    if X.ndim == 1:
        return np.array(1 if dot(X, w) + b > 0 else -1)
    return np.array([1 if dot(x, w) + b > 0 else -1 for x in X])


def update(w, b, x, y):
    if (dot(w, x) + b) * y <= 0:
        w = np.array([w[j] + y * x[j] for j in range(len(w))])
        b = b + y
        return w, b, True
    return w, b, False


def train(X, y, max_epochs=1000):
    w, b, mistakes = np.zeros(len(X[0])), 0, []
    epoch, clean = 0, False
    while epoch < max_epochs and not clean:
        clean = True
        for i in range(len(X)):
            w, b, wrong = update(w, b, X[i], y[i])
            if wrong:
                clean = False
                mistakes += [i]
        epoch += 1
    return w, b, mistakes


def mistake_bound(X, y, w, b):
    length = math.sqrt(dot(w, w) + b * b)
    radius = max(math.sqrt(dot(x, x) + 1) for x in X)
    gamma = min(float(label) * (dot(w, x) + b) for x, label in zip(X, y, strict=True)) / length
    if gamma <= 0:
        return radius, gamma, math.inf
    return radius, gamma, (radius / gamma) ** 2


def train_pocket(X, y, epochs, seed):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0
    best_w, best_b, best_count = w.copy(), b, sum(predict(X, w, b) == y)
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            if y[i] * (dot(w, X[i]) + b) <= 0:
                for j in range(len(w)):
                    w[j] += y[i] * X[i, j]
                b += y[i]
                count = sum(predict(X, w, b) == y)
                if count > best_count:
                    best_w, best_b, best_count = w.copy(), b, count
    return best_w, best_b
