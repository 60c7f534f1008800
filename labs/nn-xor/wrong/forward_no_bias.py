"""Forgets the bias of the hidden units."""

# fails: forward/hidden_values
# hears: the bias b is missing


def forward(X, net):
    H = sigmoid(X @ net["W"])
    return H, sigmoid(H @ net["v"] + net["c"])
