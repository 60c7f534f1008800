"""y - p."""

# fails: cross_entropy/gradient_is_p_minus_y, cross_entropy/survives_huge_logits
# hears: the sign: p - y


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = -np.exp(log_p)
    dlogits[rows, labels] += 1
    return float(-log_p[rows, labels].mean()), dlogits / len(labels)
