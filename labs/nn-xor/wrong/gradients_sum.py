"""Sums over the examples instead of taking the mean."""

# fails: gradients/outer_gradients, gradients/inner_gradients, gradients/agrees_with_nudging
# fails: gradients/gradient_of_a_mean
# hears: the loss is a mean


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p)
    delta_hidden = np.outer(delta, net["v"]) * H * (1 - H)
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
