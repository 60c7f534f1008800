"""log(1 + exp(z)) without care for large z."""

# fails: bce/bce_extremes
# hears: exp(z) of a large z is infinite


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    return (torch.log1p(torch.exp(logits)) - targets * logits).mean()
