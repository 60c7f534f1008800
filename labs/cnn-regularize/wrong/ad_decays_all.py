"""Lets biases and gains decay too."""

# fails: adamw_step/ad_vectors
# hears: fewer than two axes are left alone


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    return (1 - lr * decay) * w - lr * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + 1e-8), m, v
