"""The sum of the squares."""

# fails: step/one_step, step/step_loss
# hears: the loss is their mean
# hears: this is the sum of the squares


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).sum()
    w.grad = b.grad = None
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    return loss.item()
