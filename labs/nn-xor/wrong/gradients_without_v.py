"""Gives every hidden unit the whole blame, as if it were connected with weight 1."""

# fails: gradients/inner_gradients, gradients/agrees_with_nudging, gradients/blame_goes_through_v
# hears: through its weight v[j]


def gradients(X, t, net):
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p) / len(X)
    delta_hidden = delta[:, None] * H * (1 - H)
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
