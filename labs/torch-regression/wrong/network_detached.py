"""Detaches between the layers."""

# fails: network/network_slopes
# hears: nothing on the way is detached


class FeedForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x)).detach()
        return self.layers[-1](x)
