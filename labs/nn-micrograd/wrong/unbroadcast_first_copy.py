"""Takes the first copy in the place of the sum."""

# fails: unbroadcast/front_axes, unbroadcast/repeated_axes, unbroadcast/both_kinds
# hears: sum over the axes


def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0] if len(gradient) else gradient.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = gradient.take(range(min(1, gradient.shape[axis])), axis=axis)
    return gradient.reshape(shape) if gradient.size else np.zeros(shape)
