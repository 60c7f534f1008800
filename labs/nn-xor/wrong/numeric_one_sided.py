"""Nudges up only."""

# fails: numeric/numeric_central, numeric/numeric_step
# hears: this is a one-sided difference


def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=float)
    slopes, here = np.zeros_like(x), f(x)
    for index in np.ndindex(x.shape):
        up = x.copy()
        up[index] += step
        slopes[index] = (f(up) - here) / step
    return slopes
