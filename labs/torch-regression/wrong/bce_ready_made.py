"""Calls the finished one."""

# fails: bce/bce_own
# hears: PyTorch's own binary_cross_entropy_with_logits


def bce_with_logits(logits, targets):
    return F.binary_cross_entropy_with_logits(logits, targets)
