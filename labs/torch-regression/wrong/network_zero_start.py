"""Sets all weights to zero, so that hidden units start alike."""

# fails: network/network_start
# hears: units that start equal stay equal


class FeedForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes))
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
