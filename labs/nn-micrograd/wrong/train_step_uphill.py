"""Adds the slope."""

# fails: train_step/moves_downhill
# hears: the slope points uphill: subtract


def train_step(model, X, y, lr):
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data + lr * parameter.grad
    return float(loss.data)
