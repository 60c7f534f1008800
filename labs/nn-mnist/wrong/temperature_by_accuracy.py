"""Makes the mean confidence equal to the accuracy."""

# fails: temperature/temperature_is_best
# hears: makes the mean confidence equal to the accuracy


def fit_temperature(logits, y):
    low, high = 0.05, 20.0
    accuracy = np.mean(logits.argmax(axis=1) == y)
    for _ in range(50):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if softmax(logits / middle).max(axis=1).mean() > accuracy else (low, middle)
    return np.sqrt(low * high)
