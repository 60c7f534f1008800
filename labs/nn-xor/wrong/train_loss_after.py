"""Notes the loss after the step."""

# fails: train/losses_before
# hears: the losses after each step


def train(X, t, net, rate, steps):
    losses = []
    for _ in range(steps):
        slopes = gradients(X, t, net)
        net = {name: net[name] - rate * slopes[name] for name in net}
        losses.append(loss(X, t, net))
    return net, losses
