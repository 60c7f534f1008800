"""Adds the share without taking it from the target."""

# fails: smooth_cross_entropy/ce_labels, smooth_cross_entropy/ce_soft, smooth_cross_entropy/ce_extreme
# hears: the targets add up to more than 1


def smooth_cross_entropy(logits, targets, eps=0.0):
    classes = logits.shape[1]
    if targets.ndim == 1:
        targets = F.one_hot(targets, classes).to(logits.dtype)
    return -((targets + eps / classes) * logits.log_softmax(1)).sum(1).mean()
