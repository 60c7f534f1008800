"""Multiplies integers by a Python number, which gives float32 whatever the logits are."""

# fails: smooth_cross_entropy/ce_labels
# hears: 0.9 times an integer tensor is float32


def smooth_cross_entropy(logits, targets, eps=0.0):
    classes = logits.shape[1]
    if targets.ndim == 1:
        targets = F.one_hot(targets, classes)
    soft = (1 - eps) * targets + eps / classes
    return -(soft * logits.log_softmax(1)).sum(1).mean()
