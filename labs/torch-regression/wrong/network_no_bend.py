"""No bend at all."""

# fails: network/network_outputs
# hears: the layers are one linear layer


class FeedForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
