"""References of the lab nn-xor: they stand in for the answers to earlier tasks while a later one is checked, and the checks
compare with them. `slip` names a mistake to make, for the messages. This file needs nothing but NumPy: its text is sent to the
learner's kernel when a grader judges from outside.
"""

import numpy as np


def sigmoid(z):
    """The sigmoid, safe for large numbers."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z)))


def forward(X, net, slip=""):
    """Hidden values and outputs of the two-layer network."""
    z = X @ net["W"] + (0 if slip == "b" else net["b"])
    H = {"no bend": z, "threshold": (z > 0).astype(float), "tanh": np.tanh(z)}.get(slip, sigmoid(z))
    s = H @ net["v"] + (0 if slip == "c" else net["c"])
    return H, s if slip == "score" else sigmoid(s)


def loss(X, t, net):
    """Half the squared distance between outputs and targets, averaged."""
    return float(np.mean(0.5 * (forward(X, net)[1] - t) ** 2))


def gradients(X, t, net, slip=""):
    """The gradients of `loss`, by backpropagation."""
    H, p = forward(X, net)
    delta = (t - p if slip == "sign" else p - t) / (1 if slip == "sum" else len(X))
    if slip != "output slope":
        delta = delta * (sigmoid(p) * (1 - sigmoid(p)) if slip == "slope of the output" else p * (1 - p))
    blame = np.outer(delta, np.ones_like(net["v"]) if slip == "v" else net["v"])
    if slip != "hidden slope":
        blame = blame * (sigmoid(H) * (1 - sigmoid(H)) if slip == "slope of the value" else H * (1 - H))
    return {"W": X.T @ blame, "b": blame.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}


def train(X, t, net, rate, steps, slip=""):
    """Gradient descent; returns the network and the losses before each step."""
    losses, direction = [], -1 if slip == "uphill" else 1
    for _ in range(steps):
        losses.append(loss(X, t, net))
        slopes = gradients(X, t, net)
        if slip == "one after another":
            net = dict(net)
            for name in ("v", "c", "W", "b"):
                net[name] = net[name] - rate * gradients(X, t, net)[name]
            continue
        moved = {"outer only": ("v", "c"), "no biases": ("W", "v")}.get(slip, tuple(net))
        net = {name: net[name] - direction * rate * slopes[name] if name in moved else net[name] for name in net}
    return net, losses


def slope_of_a_square(numerical_gradient, x):
    """Shape and value of the measured slope of x² at the number x."""
    slope = np.asarray(numerical_gradient(lambda x: float(x) ** 2, np.array(x)))
    return list(slope.shape), float(slope.sum())
