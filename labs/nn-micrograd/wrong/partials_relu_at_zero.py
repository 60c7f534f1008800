"""Gives relu the slope 1 at 0."""

# fails: partials/the_corner
# hears: x > 0, not x >= 0


def partials(op, out, *inputs, n=1.0):
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return inputs[1], x
        case "**":
            return (n * x ** (n - 1),)
        case "exp":
            return (out,)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x >= 0),)
