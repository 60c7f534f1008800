"""The stable formula with clamp and abs; right everywhere, but its slope is not at 0."""

# fails: bce/bce_corner
# hears: have corners at 0


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    return (logits.clamp(min=0) - targets * logits + torch.log1p(torch.exp(-logits.abs()))).mean()
