"""Takes the gradients over without adding."""

# fails: backprop/shared_weights
# hears: sum over both uses


def backprop(layers, params, x, labels):
    steps = []
    for layer in layers:
        x, cache = forward_of(layer, params, x)
        steps.append((layer, cache))
    loss, gradient = cross_entropy(x, labels)
    grads = {}
    for layer, cache in reversed(steps):
        gradient, own = backward_of(layer, gradient, cache)
        grads.update(own)
    return loss, grads, gradient
