"""Forgets to add the bias."""

# fails: linear/linear_outputs
# hears: the bias is missing


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-(inputs**-0.5), inputs**-0.5))

    def forward(self, x):
        return x @ self.weight.T
