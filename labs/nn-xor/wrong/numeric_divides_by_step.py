"""Divides by the step instead of twice the step."""

# fails: numeric/numeric_slopes, numeric/numeric_central, numeric/numeric_step, numeric/numeric_integers
# hears: up and down lie 2 * step apart


def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=float)
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        slopes[index] = (f(up) - f(down)) / step
    return slopes
