"""Leaves the hidden values without a sigmoid."""

# fails: forward/hidden_values
# hears: two layers are no more than one


def forward(X, net):
    H = X @ net["W"] + net["b"]
    return H, sigmoid(H @ net["v"] + net["c"])
