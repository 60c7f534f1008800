"""Adds the gradient."""

# fails: step/one_step
# hears: uphill


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    with torch.no_grad():
        w += lr * w.grad
        b += lr * b.grad
    return loss.item()
