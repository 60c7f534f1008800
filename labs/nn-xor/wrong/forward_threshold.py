"""Keeps the perceptron's threshold in the hidden layer."""

# fails: forward/hidden_values
# hears: no slope, no learning


def forward(X, net):
    H = (X @ net["W"] + net["b"] > 0).astype(float)
    return H, sigmoid(H @ net["v"] + net["c"])
