"""Clears the gradients after backward, before they are used."""

# fails: train_step/moves_downhill
# hears: the model still has its old weights


def train_step(model, X, y, lr):
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
        parameter.data = parameter.data - lr * parameter.grad
    return float(loss.data)
