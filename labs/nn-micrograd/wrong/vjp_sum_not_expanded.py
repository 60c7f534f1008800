"""Broadcasts a sum's gradient without putting the axis back."""

# fails: vjp/sums
# hears: put the summed axis back with np.expand_dims


def vjp(op, g, out, *inputs, **options):
    x = inputs[0]
    match op:
        case "@":
            return g @ np.swapaxes(inputs[1], -1, -2), np.swapaxes(x, -1, -2) @ g
        case "T":
            return (np.swapaxes(g, -1, -2),)
        case "reshape":
            return (g.reshape(x.shape),)
        case "sum":
            return (np.broadcast_to(g, x.shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs, **options))
