"""Adds up the loss tensors, with the notes of every step."""

# fails: fit/fit_losses
# hears: keeps PyTorch's notes of every step alive


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X), generator=generator).split(batch_size):
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss * len(rows)
        losses.append(total / len(X))
    return losses
