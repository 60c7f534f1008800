"""Adds the penalty to the gradient: Adam with L2."""

# fails: adamw_step/ad_first, adamw_step/ad_moments
# hears: this is L2 inside of Adam


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    grad = grad + decay * w if w.ndim > 1 else grad
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    return w - lr * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + 1e-8), m, v
