"""Returns the gradient that arrives at the first layer, not the one that leaves it."""

# fails: backprop/gradient_of_pictures
# hears: after the loop


def backprop(layers, params, x, labels):
    steps = []
    for layer in layers:
        x, cache = forward_of(layer, params, x)
        steps.append((layer, cache))
    loss, gradient = cross_entropy(x, labels)
    grads = {}
    for layer, cache in reversed(steps):
        arrived = gradient
        gradient, own = backward_of(layer, gradient, cache)
        for name, each in own.items():
            grads[name] = grads.get(name, 0) + each
    return loss, grads, arrived
