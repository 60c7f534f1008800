"""Walks through the layers from the first to the last on the way back, too."""

# fails: backprop/right_loss, backprop/one_layer, backprop/deep, backprop/one_picture
# fails: backprop/gradient_of_pictures
# hears: the last layer comes first


def backprop(layers, params, x, labels):
    steps = []
    for layer in layers:
        x, cache = forward_of(layer, params, x)
        steps.append((layer, cache))
    loss, gradient = cross_entropy(x, labels)
    grads = {}
    for layer, cache in steps:
        gradient, own = backward_of(layer, gradient, cache)
        for name, each in own.items():
            grads[name] = grads.get(name, 0) + each
    return loss, grads, gradient
