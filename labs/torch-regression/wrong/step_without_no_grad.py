"""Updates while PyTorch takes notes."""

# fails: step/one_step, step/step_loss
# hears: inside `with torch.no_grad():`
# hears: in-place operation


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    w -= lr * w.grad
    b -= lr * b.grad
    return loss.item()
