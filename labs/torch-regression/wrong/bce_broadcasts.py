"""Takes any shapes that can be broadcast."""

# fails: bce/bce_shapes
# hears: would be broadcast to a table


def bce_with_logits(logits, targets):
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - targets * logits).mean()
