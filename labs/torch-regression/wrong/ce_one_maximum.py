"""Subtracts one maximum from all rows."""

# fails: cross-entropy/ce_extremes
# hears: subtract each row's maximum


def cross_entropy(logits, labels):
    shifted = logits - logits.max()
    rows = torch.arange(len(logits))
    return (torch.log(torch.exp(shifted).sum(dim=1)) - shifted[rows, labels]).mean()
