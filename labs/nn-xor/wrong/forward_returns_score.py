"""Returns the score of the output, not the output."""

# fails: forward/outputs
# hears: the output is sigmoid(s)


def forward(X, net):
    H = sigmoid(X @ net["W"] + net["b"])
    return H, H @ net["v"] + net["c"]
