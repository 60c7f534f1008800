"""Shifts, but takes the logarithm of probabilities that may be 0."""

# fails: cross_entropy/survives_huge_logits
# hears: never take the logarithm of p


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = float(-np.log(p[rows, labels]).mean())
    p[rows, labels] -= 1
    return loss, p / len(labels)
