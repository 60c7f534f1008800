"""One maximum for the whole batch."""

# fails: cross_entropy/survives_huge_logits
# hears: its own maximum


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    shifted = logits - logits.max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= 1
    return float(-log_p[rows, labels].mean()), dlogits / len(labels)
