"""Takes the mean over the copies."""

# fails: unbroadcast/front_axes, unbroadcast/repeated_axes, unbroadcast/both_kinds
# hears: this is the mean; each copy contributes in full


def unbroadcast(gradient, shape):
    gradient = gradient.mean(axis=tuple(range(gradient.ndim - len(shape))))
    return gradient.mean(axis=tuple(i for i, length in enumerate(shape) if length == 1), keepdims=True)
