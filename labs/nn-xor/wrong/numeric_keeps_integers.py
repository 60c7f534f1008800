"""Copies an array of integers as integers, where a small nudge is lost."""

# fails: numeric/numeric_integers
# hears: rounded away


def numerical_gradient(f, x, step=1e-5):
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = np.array(x), np.array(x)
        up[index] = up[index] + step
        down[index] = down[index] - step
        slopes[index] = (f(up) - f(down)) / (2 * step)
    return slopes
