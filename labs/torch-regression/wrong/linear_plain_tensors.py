"""Plain tensors that require gradients: the module does not know them."""

# fails: linear/linear_parameters
# hears: a plain tensor in self is not registered


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5).requires_grad_()
        self.bias = torch.empty(outputs).uniform_(-(inputs**-0.5), inputs**-0.5).requires_grad_()

    def forward(self, x):
        return x @ self.weight.T + self.bias
