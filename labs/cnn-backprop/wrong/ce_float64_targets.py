"""A table of targets in float64."""

# fails: cross_entropy/ce_dtype
# hears: float64


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    y = np.eye(logits.shape[1])[labels]
    return float(-log_p[rows, labels].mean()), (np.exp(log_p) - y) / len(labels)
