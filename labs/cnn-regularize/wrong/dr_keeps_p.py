"""Takes p for the probability to keep."""

# fails: drop/dr_values
# hears: divided by p


def drop(h, p, per="unit", training=True):
    if not training:
        return h
    own = {"unit": h.ndim, "channel": 2, "example": 1, "batch": 0}[per]
    return h * (torch.rand((*h.shape[:own], *(1,) * (h.ndim - own))) < p) / p
