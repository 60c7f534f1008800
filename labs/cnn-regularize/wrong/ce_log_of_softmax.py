"""Takes the logarithm of the softmax."""

# fails: smooth_cross_entropy/ce_extreme
# hears: the logarithm of a softmax that has become 0


def smooth_cross_entropy(logits, targets, eps=0.0):
    classes = logits.shape[1]
    if targets.ndim == 1:
        targets = F.one_hot(targets, classes).to(logits.dtype)
    soft = (1 - eps) * targets + eps / classes
    return -(soft * logits.softmax(1).log()).sum(1).mean()
