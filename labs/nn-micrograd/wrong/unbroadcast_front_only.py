"""Sums over the axes in front only."""

# fails: unbroadcast/repeated_axes, unbroadcast/both_kinds
# hears: the gradient of an array has the shape of the array


def unbroadcast(gradient, shape):
    return gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
