"""Sums the loss over the batch: the step grows with the batch."""

# fails: train_step/returns_the_loss, train_step/moves_downhill
# hears: the mean cross-entropy of the batch


def train_step(model, X, y, lr):
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y) * len(y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - lr * parameter.grad
    return float(loss.data)
