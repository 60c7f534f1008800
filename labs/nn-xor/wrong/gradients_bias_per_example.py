"""Does not sum the bias's gradient over the examples."""

# fails: gradients/gradient_shapes, gradients/inner_gradients
# hears: over what must be summed


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p) / len(X)
    delta_hidden = np.outer(delta, net["v"]) * H * (1 - H)
    return {"W": X.T @ delta_hidden, "b": delta_hidden, "v": H.T @ delta, "c": delta.sum()}
