"""Shrinks by decay, not by the rate times decay."""

# fails: adamw_step/ad_first
# hears: the decay is not multiplied by the learning rate


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    shrunk = (1 - decay) * w if w.ndim > 1 else w
    return shrunk - lr * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + 1e-8), m, v
