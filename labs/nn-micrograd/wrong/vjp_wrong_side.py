"""Multiplies the transposes from the wrong side."""

# fails: vjp/matrix_product
# hears: what must be transposed


def vjp(op, g, out, *inputs, **options):
    x = inputs[0]
    match op:
        case "@":
            return np.swapaxes(inputs[1], -1, -2) @ g, g @ np.swapaxes(x, -1, -2)
        case "T":
            return (np.swapaxes(g, -1, -2),)
        case "reshape":
            return (g.reshape(x.shape),)
        case "sum":
            if options["axis"] is not None and not options["keepdims"]:
                g = np.expand_dims(g, options["axis"])
            return (np.broadcast_to(g, x.shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs, **options))
