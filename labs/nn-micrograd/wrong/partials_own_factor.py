"""Gives each factor itself as its slope."""

# fails: partials/sums_and_products
# hears: the slope for one factor is the other one


def partials(op, out, *inputs, n=1.0):
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return x, inputs[1]
        case "**":
            return (n * x ** (n - 1),)
        case "exp":
            return (out,)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x > 0),)
