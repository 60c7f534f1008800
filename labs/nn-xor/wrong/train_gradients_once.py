"""Computes the gradients once, before the loop."""

# fails: train/many_steps
# hears: computed anew in every step


def train(X, t, net, rate, steps):
    losses, slopes = [], gradients(X, t, net)
    for _ in range(steps):
        losses.append(loss(X, t, net))
        net = {name: net[name] - rate * slopes[name] for name in net}
    return net, losses
