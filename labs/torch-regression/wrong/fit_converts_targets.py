"""Makes all targets floats, labels as well."""

# fails: fit/fit_generality
# hears: dtype


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X), generator=generator).split(batch_size):
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows].double())
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
