"""Leaves out the last, shorter batch."""

# fails: fit/fit_batches
# hears: order.split(batch_size)


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        order = torch.randperm(len(X), generator=generator)
        for batch in range(max(1, len(X) // batch_size)):
            rows = order[batch * batch_size : (batch + 1) * batch_size]
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
