"""The dictionary of gradients lives on from call to call, as with torch when zero_grad is forgotten."""

# fails: backprop/right_loss, backprop/one_layer, backprop/deep, backprop/one_picture
# fails: backprop/gradient_of_pictures
# hears: Make a new one in each call


def backprop(layers, params, x, labels, grads={}):
    steps = []
    for layer in layers:
        x, cache = forward_of(layer, params, x)
        steps.append((layer, cache))
    loss, gradient = cross_entropy(x, labels)
    for layer, cache in reversed(steps):
        gradient, own = backward_of(layer, gradient, cache)
        for name, each in own.items():
            grads[name] = grads.get(name, 0) + each
    return loss, grads, gradient
