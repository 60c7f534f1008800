"""Forgets the comma that makes a tuple."""

# fails: partials/powers, partials/smooth_functions, partials/the_corner, partials/takes_arrays
# hears: with its comma for one input


def partials(op, out, *inputs, n=1.0):
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return inputs[1], x
        case "**":
            return n * x ** (n - 1)
        case "exp":
            return out
        case "log":
            return 1 / x
        case "tanh":
            return 1 - out**2
        case "relu":
            return 1.0 * (x > 0)
