"""Does not pass the exponent on."""

# fails: vjp/entrywise, vjp/whole_computations
# hears: with the options passed on


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
            if options["axis"] is not None and not options["keepdims"]:
                g = np.expand_dims(g, options["axis"])
            return (np.broadcast_to(g, x.shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs))
