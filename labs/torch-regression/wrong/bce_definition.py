"""The definition, as it stands."""

# fails: bce/bce_extremes
# hears: log(1 - sigmoid(z)) is log(0)


def bce_with_logits(logits, targets):
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    p = torch.sigmoid(logits)
    return (-targets * torch.log(p) - (1 - targets) * torch.log(1 - p)).mean()
