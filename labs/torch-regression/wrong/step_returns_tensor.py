"""Returns the loss with all of its notes."""

# fails: step/step_loss
# hears: would keep PyTorch's notes of this step alive


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    return loss
