"""Adds the gradient."""

# fails: train/one_step, train/many_steps, train/goes_down
# hears: uphill


def train(X, t, net, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(loss(X, t, net))
        slopes = gradients(X, t, net)
        net = {name: net[name] + rate * slopes[name] for name in net}
    return net, losses
