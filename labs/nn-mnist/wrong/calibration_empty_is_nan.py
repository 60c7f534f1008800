"""Divides by zero in empty bins, and skips what comes of it in the sum only."""

# fails: calibration/averages_each_bin
# hears: an empty bin has a row of zeros


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    conf = np.bincount(place, confidence, minlength=bins) / np.where(count, count, np.nan)
    acc = np.bincount(place, right, minlength=bins) / np.where(count, count, np.nan)
    error = np.nansum(count / len(y) * np.abs(acc - conf))
    return error, np.column_stack([count, conf, acc])
