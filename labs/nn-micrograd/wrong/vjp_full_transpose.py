"""Transposes with .T, which turns around all axes of a stack."""

# fails: vjp/stacks
# hears: .T turns around all axes of a stack


def vjp(op, g, out, *inputs, **options):
    x = inputs[0]
    match op:
        case "@":
            return g @ inputs[1].T, x.T @ g
        case "T":
            return (g.T,)
        case "reshape":
            return (g.reshape(x.shape),)
        case "sum":
            if options["axis"] is not None and not options["keepdims"]:
                g = np.expand_dims(g, options["axis"])
            return (np.broadcast_to(g, x.shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs, **options))
