"""No vectorization: sums and loops over examples, inputs and units, as on paper."""

import math


def squash(z):
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(max(z, -700.0)) / (1.0 + math.exp(max(z, -700.0)))


def forward(X, net):
    n, (d, m) = len(X), net["W"].shape
    H, p = np.zeros((n, m)), np.zeros(n)
    for k in range(n):
        for j in range(m):
            H[k, j] = squash(sum(X[k, i] * net["W"][i, j] for i in range(d)) + net["b"][j])
        p[k] = squash(sum(H[k, j] * net["v"][j] for j in range(m)) + float(net["c"]))
    return H, p


def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x, dtype=float)
    slopes = []
    for place in range(x.size):
        ends = []
        for sign in (1, -1):
            flat = x.flatten()
            flat[place] += sign * step
            ends.append(f(flat.reshape(x.shape)))
        slopes.append((ends[0] - ends[1]) / (2 * step))
    return np.array(slopes).reshape(x.shape)


def gradients(X, t, net):
    H, p = forward(X, net)
    n, d, m = len(X), len(net["W"]), len(net["v"])
    W, b, v, c = np.zeros((d, m)), np.zeros(m), np.zeros(m), 0.0
    for k in range(n):
        delta = (p[k] - t[k]) * p[k] * (1 - p[k])
        c += delta / n
        for j in range(m):
            v[j] += delta * H[k, j] / n
            blame = delta * net["v"][j] * H[k, j] * (1 - H[k, j])
            b[j] += blame / n
            for i in range(d):
                W[i, j] += blame * X[k, i] / n
    return {"W": W, "b": b, "v": v, "c": c}


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    W = np.array([[rng.normal(0, gain / math.sqrt(d)) for _ in range(m)] for _ in range(d)])
    return {"W": W, "b": np.zeros(m), "v": np.array([rng.normal(0, gain / math.sqrt(m)) for _ in range(m)]), "c": 0}
