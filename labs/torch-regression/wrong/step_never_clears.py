"""Never clears the gradients."""

# fails: step/several_steps, step/stale_gradients
# hears: the gradients add up from step to step
# hears: backward() adds to what is in .grad


def gradient_step(X, y, w, b, lr):
    loss = ((X @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    return loss.item()
