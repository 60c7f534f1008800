"""Switches requires_grad off for the update, and not on again."""

# fails: step/several_steps, step/still_leaves
# hears: does not require grad


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    for parameter in (w, b):
        parameter.requires_grad_(False)
        parameter -= lr * parameter.grad
    return loss.item()
