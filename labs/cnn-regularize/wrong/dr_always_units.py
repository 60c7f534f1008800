"""Gives every number its own switch, whatever `per` says."""

# fails: drop/dr_sharing
# hears: numbers that should share a switch


def drop(h, p, per="unit", training=True):
    return h * (torch.rand(h.shape) >= p) / (1 - p) if training else h
