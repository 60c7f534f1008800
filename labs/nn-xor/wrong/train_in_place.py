"""Subtracts in place, from the caller's own arrays."""

# fails: train/train_leaves_all
# hears: changed its argument


def train(X, t, net, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(loss(X, t, net))
        slopes = gradients(X, t, net)
        for name in net:
            net[name] -= rate * slopes[name]
    return net, losses
