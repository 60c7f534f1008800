"""Puts the hidden values through the sigmoid once more."""

# fails: gradients/inner_gradients, gradients/agrees_with_nudging
# hears: H has been through the sigmoid already


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p) / len(X)
    delta_hidden = np.outer(delta, net["v"]) * sigmoid(H) * (1 - sigmoid(H))
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
