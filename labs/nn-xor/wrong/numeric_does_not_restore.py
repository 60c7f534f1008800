"""Nudges the caller's array in place and does not put the old values back."""

# fails: numeric/numeric_others_stay, numeric/numeric_leaves_x
# hears: put the old value back


def numerical_gradient(f, x, step=1e-5):
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += step
        high = f(x.copy())
        x[index] -= 2 * step
        slopes[index] = (high - f(x.copy())) / (2 * step)
    return slopes
