"""The logarithm of the softmax, one after the other."""

# fails: cross-entropy/ce_extremes
# hears: log of a vanished probability


def cross_entropy(logits, labels):
    p = torch.softmax(logits, dim=1)
    return -torch.log(p[torch.arange(len(logits)), labels]).mean()
