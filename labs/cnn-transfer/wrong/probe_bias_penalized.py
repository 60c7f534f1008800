"""Penalizes the bias, too."""

# fails: probe/free_bias, probe/as_scikit_learn
# hears: would shrink the bias, too


def fit_probe(X, y, classes, penalty):
    head = nn.Linear(X.shape[1], classes, dtype=X.dtype, device=X.device)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=500, tolerance_grad=1e-7, tolerance_change=0, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(head(X), y) + penalty / 2 * sum(p.square().sum() for p in head.parameters())
        loss.backward()
        return loss

    optimizer.step(closure)
    return head
