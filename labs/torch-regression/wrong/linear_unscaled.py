"""Starts with the standard normal distribution."""

# fails: linear/linear_start
# hears: the standard normal distribution


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return x @ self.weight.T + self.bias
