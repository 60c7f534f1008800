"""Bias absorbed: every input gets a constant 1, weights and bias are one vector throughout, norms are taken by einsum and hypot."""


def predict(X, w, b):
    ones = np.ones((*np.shape(X)[:-1], 1))
    return 2 * (np.concatenate([X, ones], axis=-1) @ np.append(w, b) > 0) - 1


def update(w, b, x, y):
    v, z = np.append(w, b), y * np.append(x, 1.0)
    mistaken = bool(v @ z <= 0)
    v = v + mistaken * z
    return v[:-1], float(v[-1]), mistaken


def train(X, y, max_epochs=1000):
    Z = y[:, None] * np.column_stack([X, np.ones(len(X))])  # rows y (x, 1): a score above 0 is right
    v, mistakes, calm = np.zeros(Z.shape[1]), [], 0
    for visit in range(max_epochs * len(Z)):
        row = visit % len(Z)
        calm += 1
        if Z[row] @ v <= 0:
            v += Z[row]
            mistakes.append(row)
            calm = 0
        if calm > 2 * len(Z):
            break
    return v[:-1], v[-1], mistakes


def mistake_bound(X, y, w, b):
    Z = np.hstack([X, np.ones((len(X), 1))])
    radius = np.sqrt(np.einsum("nd,nd->n", Z, Z).max())
    gamma = np.min(y * (X @ w + b)) / np.hypot(np.linalg.norm(w), b)
    return radius, gamma, (radius / gamma) ** 2 if gamma > 0 else float("inf")
