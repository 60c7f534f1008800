"""Compares with the middle of the bin instead of the mean confidence."""

# fails: calibration/averages_each_bin, calibration/weighs_the_gaps, calibration/takes_certainty, calibration/knows_the_ends
# fails: calibration/equals_torchmetrics
# hears: not the bin's middle


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    conf = np.where(count > 0, (np.arange(bins) + 0.5) / bins, 0)
    acc = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = np.sum(count / len(y) * np.abs(acc - conf))
    return error, np.column_stack([count, conf, acc])
