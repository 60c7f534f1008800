"""Sums the losses of the examples instead of averaging them."""

# fails: probe/at_the_minimum, probe/free_bias, probe/as_scikit_learn
# hears: yours seems to sum


def fit_probe(X, y, classes, penalty):
    head = nn.Linear(X.shape[1], classes, dtype=X.dtype, device=X.device)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=500, tolerance_grad=1e-7, tolerance_change=0, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(head(X), y, reduction="sum") + penalty / 2 * head.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return head
