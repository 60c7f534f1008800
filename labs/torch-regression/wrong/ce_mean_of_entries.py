"""One-hot labels, and the mean over all entries of the table."""

# fails: cross-entropy/ce_value
# hears: one term for each row


def cross_entropy(logits, labels):
    right = torch.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(torch.log_softmax(logits, dim=1) * right).mean()
