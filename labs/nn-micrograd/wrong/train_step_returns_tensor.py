"""Returns the tensor with its whole graph, which then stays in memory."""

# fails: train_step/returns_the_loss
# hears: return float(loss.data)


def train_step(model, X, y, lr):
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - lr * parameter.grad
    return loss
