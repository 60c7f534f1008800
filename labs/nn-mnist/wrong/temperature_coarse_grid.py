"""Tries twenty temperatures only."""

# fails: temperature/temperature_is_best, temperature/temperature_scales
# hears: a coarse grid is not enough


def fit_temperature(logits, y):
    grid = np.geomspace(0.05, 20.0, 100)
    losses = [-np.log(np.maximum(softmax(logits / T)[np.arange(len(y)), y], 1e-300)).mean() for T in grid]
    return float(grid[np.argmin(losses)])
