"""Gives the name `parameter` to a new tensor."""

# fails: train_step/moves_downhill
# hears: only gives a name to something new


def train_step(model, X, y, lr):
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter = parameter - lr * parameter.grad
    return float(loss.data)
