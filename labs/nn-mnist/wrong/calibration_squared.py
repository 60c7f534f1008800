"""Squares the gaps."""

# fails: calibration/weighs_the_gaps, calibration/takes_certainty, calibration/equals_torchmetrics
# hears: not its square


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    conf = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    acc = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = np.sum(count / len(y) * (acc - conf) ** 2)
    return error, np.column_stack([count, conf, acc])
