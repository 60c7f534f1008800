"""Picks whole columns."""

# fails: cross-entropy/ce_value
# hears: picks whole columns


def cross_entropy(logits, labels):
    return -torch.log_softmax(logits, dim=1)[:, labels].mean()
