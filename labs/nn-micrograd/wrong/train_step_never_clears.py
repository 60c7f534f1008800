"""Lets the gradients of earlier batches stand."""

# fails: train_step/clears_first
# hears: leaves accumulate: clear the grad


def train_step(model, X, y, lr):
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - lr * parameter.grad
    return float(loss.data)
