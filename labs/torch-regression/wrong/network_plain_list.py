"""Keeps the layers in a plain list."""

# fails: network/network_parameters
# hears: PyTorch does not see into a plain list


class FeedForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes)]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
