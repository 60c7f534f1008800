"""Normalizes over the examples instead of over the classes."""

# fails: cross-entropy/ce_value
# hears: softmax goes along each row


def cross_entropy(logits, labels):
    return -torch.log_softmax(logits, dim=0)[torch.arange(len(logits)), labels].mean()
