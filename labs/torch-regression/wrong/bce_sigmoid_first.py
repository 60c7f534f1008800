"""Sends the logits through the sigmoid, and then uses the formula for logits."""

# fails: bce/bce_value
# hears: the logits went through the sigmoid twice


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    logits = torch.sigmoid(logits)
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - targets * logits).mean()
