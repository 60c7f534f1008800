"""Seeds inside the class, so that every layer is the same."""

# fails: linear/linear_seed
# hears: no seed inside the class


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-(inputs**-0.5), inputs**-0.5))

    def forward(self, x):
        return x @ self.weight.T + self.bias
