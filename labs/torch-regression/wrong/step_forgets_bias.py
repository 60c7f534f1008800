"""Moves the weights only."""

# fails: step/one_step
# hears: the bias b did not move


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    return loss.item()
