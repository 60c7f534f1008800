"""Returns the loss after the update."""

# fails: train_step/returns_the_loss, train_step/clears_first
# hears: this is the loss after the update


def train_step(model, X, y, lr):
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - lr * parameter.grad
    return float(cross_entropy(model(X), y).data)
