"""Turns the error round."""

# fails: gradients/outer_gradients, gradients/inner_gradients, gradients/agrees_with_nudging
# hears: the sign is turned round


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (t - p) * p * (1 - p) / len(X)
    delta_hidden = np.outer(delta, net["v"]) * H * (1 - H)
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
