"""Einstein sums, a helper for the slope of the sigmoid, broadcasting instead of outer products, and copies that are changed in place."""

import copy


def forward(X, net):
    hidden = 1 / (1 + np.exp(-np.clip(np.einsum("nd,dm->nm", X, net["W"]) + net["b"], -500, 500)))
    return hidden, 1 / (1 + np.exp(-np.clip(np.einsum("nm,m->n", hidden, net["v"]) + net["c"], -500, 500)))


def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=float)
    result = np.empty(x.shape)
    for index, old in np.ndenumerate(x.copy()):
        x[index] = old + step
        result[index] = f(x)
        x[index] = old - step
        result[index] = (result[index] - f(x)) / (2 * step)
        x[index] = old
    return result


def slope(value):
    return value - value**2


def gradients(X, t, net):
    H, p = forward(X, net)
    d_output = (p - t) * slope(p)
    d_hidden = d_output[:, None] * net["v"] * slope(H)
    return {
        "W": np.einsum("nd,nm->dm", X, d_hidden) / len(t),
        "b": d_hidden.mean(axis=0),
        "v": np.mean(H * d_output[:, None], axis=0),
        "c": np.array([d_output.mean()]),
    }


def train(X, t, net, rate, steps):
    net, losses = copy.deepcopy(net), np.zeros(steps)
    for step in range(steps):
        losses[step] = loss(X, t, net)
        for name, slopes in gradients(X, t, net).items():
            net[name] = net[name] - rate * slopes
    return net, losses


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    return {
        "v": rng.normal(scale=gain * m**-0.5, size=m),
        "W": rng.normal(scale=gain * d**-0.5, size=(d, m)),
        "b": np.zeros(m),
        "c": np.zeros(()),
    }
