"""Takes the mean over classes, too."""

# fails: smooth_cross_entropy/ce_labels, smooth_cross_entropy/ce_soft, smooth_cross_entropy/ce_extreme
# hears: the mean over all entries


def smooth_cross_entropy(logits, targets, eps=0.0):
    classes = logits.shape[1]
    if targets.ndim == 1:
        targets = F.one_hot(targets, classes).to(logits.dtype)
    soft = (1 - eps) * targets + eps / classes
    return -(soft * logits.log_softmax(1)).mean()
