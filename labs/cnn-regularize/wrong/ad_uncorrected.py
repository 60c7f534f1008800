"""Leaves the correction of the start out."""

# fails: adamw_step/ad_first, adamw_step/ad_vectors
# hears: m and v are not corrected for their start at 0


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    return (1 - lr * decay * (w.ndim > 1)) * w - lr * m / (v.sqrt() + 1e-8), m, v
