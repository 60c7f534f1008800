"""Sums over the repeated axes without keeping them."""

# fails: unbroadcast/same_shape, unbroadcast/repeated_axes, unbroadcast/both_kinds
# hears: the gradient of an array has the shape of the array


def unbroadcast(gradient, shape):
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    return gradient.sum(axis=tuple(i for i, length in enumerate(shape) if length == 1))
