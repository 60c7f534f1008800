"""Nudges all entries together."""

# fails: numeric/numeric_slopes, numeric/numeric_others_stay, numeric/numeric_central
# hears: all entries were nudged at once


def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x, dtype=float)
    return np.full(x.shape, (f(x + step) - f(x - step)) / (2 * step))
