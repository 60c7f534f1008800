"""Calls the finished one."""

# fails: cross-entropy/ce_own
# hears: PyTorch's own cross_entropy


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels)
