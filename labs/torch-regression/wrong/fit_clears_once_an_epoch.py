"""Clears the gradients at the start of each epoch only."""

# fails: fit/fit_trajectory, fit/fit_generality
# hears: the gradients are cleared once an epoch


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        optimizer.zero_grad()
        for rows in torch.randperm(len(X), generator=generator).split(batch_size):
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
