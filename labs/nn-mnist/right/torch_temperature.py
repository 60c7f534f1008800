"""The way of the paper: L-BFGS on the cross-entropy in PyTorch, here for the logarithm of the temperature, clamped to the range."""


def fit_temperature(logits, y):
    z, target = torch.from_numpy(np.ascontiguousarray(logits)), torch.from_numpy(np.ascontiguousarray(y))
    z = z - z.amax(dim=1, keepdim=True)
    slope = lambda T: float(((z / T).softmax(1) * z).sum(1).mean() - z[torch.arange(len(z)), target].mean())  # noqa: E731
    if slope(0.05) <= 0:
        return 0.05
    if slope(20.0) >= 0:
        return 20.0
    log_T = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_T], max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-10, tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(z / log_T.exp(), target)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_T.exp().item()
