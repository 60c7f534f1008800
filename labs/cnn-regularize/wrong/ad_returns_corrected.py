"""Hands the corrected m and v on, so that they are corrected again in each step."""

# fails: adamw_step/ad_ten, adamw_step/ad_vectors, adamw_step/ad_moments
# hears: the division by 1 - beta**t is only for u


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    m = (betas[0] * m + (1 - betas[0]) * grad) / (1 - betas[0] ** t)
    v = (betas[1] * v + (1 - betas[1]) * grad**2) / (1 - betas[1] ** t)
    return (1 - lr * decay * (w.ndim > 1)) * w - lr * m / (v.sqrt() + 1e-8), m, v
