"""Lets the exponent stay as it was."""

# fails: partials/powers, partials/takes_arrays
# hears: the exponent falls by 1


def partials(op, out, *inputs, n=1.0):
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return inputs[1], x
        case "**":
            return (n * x**n,)
        case "exp":
            return (out,)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x > 0),)
