"""Drops at prediction too."""

# fails: drop/dr_eval
# hears: at prediction nothing is dropped


def drop(h, p, per="unit", training=True):
    own = {"unit": h.ndim, "channel": 2, "example": 1, "batch": 0}[per]
    return h * (torch.rand((*h.shape[:own], *(1,) * (h.ndim - own))) >= p) / (1 - p)
