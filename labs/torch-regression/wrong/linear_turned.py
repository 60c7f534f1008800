"""Keeps the weights as (inputs, outputs)."""

# fails: linear/linear_parameters
# hears: one row of weights for each output


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs).uniform_(-(inputs**-0.5), inputs**-0.5))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-(inputs**-0.5), inputs**-0.5))

    def forward(self, x):
        return x @ self.weight + self.bias
