"""Ignores the seed."""

# fails: fit/fit_order
# hears: with one generator = torch.Generator().manual_seed(seed)


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
