"""torch.autograd.grad in place of backward(), PyTorch's functions for the layer, gather, index arithmetic instead of split."""


def gradient_step(X, y, w, b, lr):
    loss = torch.mean(torch.square(torch.mv(X, w) + b - y))
    slopes = torch.autograd.grad(loss, (w, b))
    with torch.no_grad():
        for parameter, slope in zip((w, b), slopes, strict=True):
            parameter.sub_(slope, alpha=lr)
    return float(loss)


class Linear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        reach = 1 / np.sqrt(inputs)
        self.bias = nn.Parameter(reach * (2 * torch.rand(outputs) - 1))
        self.weight = nn.Parameter(reach * (2 * torch.rand(outputs, inputs) - 1))

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator, n = torch.Generator(), X.shape[0]
    generator.manual_seed(seed)
    history = np.zeros(epochs)
    for epoch in range(epochs):
        order = torch.randperm(n, generator=generator)
        X_mixed, y_mixed = X[order], y[order]
        for start in range(0, n, batch_size):
            batch = slice(start, min(start + batch_size, n))
            loss = loss_fn(model(X_mixed[batch]), y_mixed[batch])
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()
            history[epoch] += float(loss.detach()) * (batch.stop - start) / n
    return history.tolist()


def bce_with_logits(logits, targets):
    if not logits.shape == targets.shape:
        raise ValueError("the shapes differ")
    larger = torch.maximum(logits, torch.zeros_like(logits)).detach()
    rest = torch.log(torch.exp(-larger) + torch.exp(logits - larger))
    return torch.mean(larger + rest - logits * targets)


def cross_entropy(logits, labels):
    shifted = logits - logits.max(dim=1, keepdim=True).values.detach()
    log_sum = shifted.exp().sum(dim=1).log()
    return (log_sum - shifted.gather(1, labels.unsqueeze(1)).squeeze(1)).mean()


class FeedForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList()
        for number in range(len(sizes) - 1):
            self.layers.append(Linear(sizes[number], sizes[number + 1]))

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number + 1 < len(self.layers):
                x = x.clamp(min=0)
        return x
