"""Lines the shapes up at the left."""

# fails: unbroadcast/front_axes, unbroadcast/both_kinds
# hears: shapes are lined up at the right


def unbroadcast(gradient, shape):
    gradient = gradient.sum(axis=tuple(range(len(shape), gradient.ndim)))
    return gradient.sum(axis=tuple(i for i, length in enumerate(shape) if length == 1), keepdims=True)
