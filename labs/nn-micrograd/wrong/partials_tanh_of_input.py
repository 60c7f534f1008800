"""Writes 1 - x² with the input in the place of the result."""

# fails: partials/smooth_functions, partials/takes_arrays
# hears: the result `out` is tanh(x), the input is x


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
            return (1 - x**2,)
        case "relu":
            return (1.0 * (x > 0),)
