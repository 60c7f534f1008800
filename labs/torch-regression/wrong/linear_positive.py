"""torch.rand is never negative."""

# fails: linear/linear_start
# hears: both signs


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(outputs, inputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.rand(outputs) / inputs**0.5)

    def forward(self, x):
        return x @ self.weight.T + self.bias
