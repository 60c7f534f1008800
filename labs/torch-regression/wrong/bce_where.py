"""Chooses between two branches, and the one not taken is infinite."""

# fails: bce/bce_slope
# hears: an infinite value in a branch that is not taken


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    return (torch.where(logits > 30, logits, torch.log1p(torch.exp(logits))) - targets * logits).mean()
