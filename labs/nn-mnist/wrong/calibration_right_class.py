"""Takes the probability of the right class for the confidence."""

# fails: calibration/counts_the_answers, calibration/weighs_the_gaps, calibration/takes_certainty, calibration/knows_the_ends
# fails: calibration/equals_torchmetrics
# hears: the confidence is the largest probability


def calibration_error(probabilities, y, bins=15):
    confidence, right = probabilities[np.arange(len(y)), y], probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    conf = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    acc = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = np.sum(count / len(y) * np.abs(acc - conf))
    return error, np.column_stack([count, conf, acc])
