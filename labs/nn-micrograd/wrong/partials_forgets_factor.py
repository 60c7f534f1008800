"""Lowers the exponent, but does not bring it down as a factor."""

# fails: partials/powers, partials/takes_arrays
# hears: n comes down as a factor


def partials(op, out, *inputs, n=1.0):
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return inputs[1], x
        case "**":
            return (x ** (n - 1),)
        case "exp":
            return (out,)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x > 0),)
