"""A few steps of gradient descent, which is not the minimum."""

# fails: probe/at_the_minimum, probe/free_bias, probe/as_scikit_learn
# hears: did the optimizer run to the end


def fit_probe(X, y, classes, penalty):
    head = nn.Linear(X.shape[1], classes, dtype=X.dtype, device=X.device)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        (F.cross_entropy(head(X), y) + penalty / 2 * head.weight.square().sum()).backward()
        optimizer.step()
    return head
