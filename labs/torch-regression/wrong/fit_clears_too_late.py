"""Clears between backward() and step()."""

# fails: fit/fit_full_batch, fit/fit_trajectory, fit/fit_generality
# hears: so that something is left to step with


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X), generator=generator).split(batch_size):
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
