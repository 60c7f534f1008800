"""Trains the output unit only, as if the hidden layer were fixed."""

# fails: train/one_step, train/many_steps
# hears: the hidden layer did not move


def train(X, t, net, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(loss(X, t, net))
        slopes = gradients(X, t, net)
        net = {**net, "v": net["v"] - rate * slopes["v"], "c": net["c"] - rate * slopes["c"]}
    return net, losses
