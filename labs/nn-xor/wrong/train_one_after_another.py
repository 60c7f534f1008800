"""Moves the output's weights before the hidden gradients are computed."""

# fails: train/one_step, train/many_steps
# hears: take all gradients first


def train(X, t, net, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(loss(X, t, net))
        for name in ("v", "c", "W", "b"):
            net = {**net, name: net[name] - rate * gradients(X, t, net)[name]}
    return net, losses
