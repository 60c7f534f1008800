"""Drops the same channels for all examples."""

# fails: drop/dr_sharing
# hears: independent of each other


def drop(h, p, per="unit", training=True):
    if not training:
        return h
    ones = (1,) * (h.ndim - 2)
    shape = {"unit": h.shape, "channel": (1, h.shape[1], *ones), "example": (len(h), 1, *ones), "batch": (1, 1, *ones)}[per]
    return h * (torch.rand(shape) >= p) / (1 - p)
