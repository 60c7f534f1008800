"""Forgets the slope of the hidden sigmoids."""

# fails: gradients/inner_gradients, gradients/agrees_with_nudging
# hears: the factor H * (1 - H)


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p) / len(X)
    delta_hidden = np.outer(delta, net["v"])
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
