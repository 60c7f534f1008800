"""Differentiates e^x like a power."""

# fails: partials/smooth_functions, partials/takes_arrays
# hears: exp is its own slope


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
            return (x * np.exp(x - 1),)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x > 0),)
