"""Decides with `if`, which takes one number only."""

# fails: partials/takes_arrays
# hears: `if x > 0` and the functions of `math` take one number only


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
            return (1.0 if x > 0 else 0.0,)
