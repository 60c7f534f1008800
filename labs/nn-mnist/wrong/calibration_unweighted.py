"""The plain mean of the gaps: a bin with one answer counts as much as one with a thousand."""

# fails: calibration/weighs_the_gaps, calibration/takes_certainty, calibration/equals_torchmetrics
# hears: weight each gap by the bin's share


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    conf = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    acc = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = np.mean(np.abs(acc - conf)[count > 0])
    return error, np.column_stack([count, conf, acc])
