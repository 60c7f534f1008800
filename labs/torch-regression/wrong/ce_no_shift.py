"""The sum of exponentials without care for large logits."""

# fails: cross-entropy/ce_extremes
# hears: exp of a large logit


def cross_entropy(logits, labels):
    rows = torch.arange(len(logits))
    return (torch.log(torch.exp(logits).sum(dim=1)) - logits[rows, labels]).mean()
