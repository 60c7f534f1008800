"""A softmax of its own, without subtracting the largest logit."""

# fails: temperature/temperature_ignores_shifts
# hears: exp(10000) is infinite


def fit_temperature(logits, y):
    low, high = 0.05, 20.0
    given = logits[np.arange(len(y)), y].mean()
    for _ in range(50):
        middle = np.sqrt(low * high)
        with np.errstate(all="ignore"):
            powers = np.exp(logits / middle)
            expected = (powers / powers.sum(axis=1, keepdims=True) * logits).sum(axis=1).mean()
        low, high = (middle, high) if expected > given else (low, middle)
    return np.sqrt(low * high)
