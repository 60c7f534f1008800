"""A small constant inside the logarithms."""

# fails: bce/bce_value
# hears: no small constant inside a logarithm


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    p = torch.sigmoid(logits)
    return (-targets * torch.log(p + 1e-7) - (1 - targets) * torch.log(1 - p + 1e-7)).mean()
