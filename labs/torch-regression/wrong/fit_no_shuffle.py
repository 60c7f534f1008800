"""Takes the rows as they come."""

# fails: fit/fit_order
# hears: the rows are taken in the order of the data


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0):
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.arange(len(X)).split(batch_size):
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
