"""Puts a confidence of 1 into a bin of its own."""

# fails: calibration/takes_certainty
# hears: one too many


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = (confidence * bins).astype(int)
    count = np.bincount(place, minlength=bins)
    conf = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    acc = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = np.sum(count / len(y) * np.abs(acc - conf))
    return error, np.column_stack([count, conf, acc])[:bins]
