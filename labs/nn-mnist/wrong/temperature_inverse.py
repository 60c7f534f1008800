"""Returns the factor instead of the divisor."""

# fails: temperature/temperature_is_best, temperature/temperature_scales, temperature/temperature_stays_in_range
# hears: this is 1 / T


def fit_temperature(logits, y):
    low, high = 0.05, 20.0
    given = logits[np.arange(len(y)), y].mean()
    for _ in range(50):
        factor = np.sqrt(low * high)
        expected = (softmax(logits * factor) * logits).sum(axis=1).mean()
        low, high = (low, factor) if expected > given else (factor, high)
    return np.sqrt(low * high)
