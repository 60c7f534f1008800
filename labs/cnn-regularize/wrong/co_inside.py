"""Keeps the whole square inside of the picture."""

# fails: cutout/co_centers
# hears: centers on the rim never occur


def cutout(x, size, rng):
    out = x.clone()
    height, width = x.shape[2:]
    for picture in out:
        top = rng.integers(0, max(1, height - size + 1))
        left = rng.integers(0, max(1, width - size + 1))
        picture[:, top : top + size, left : left + size] = 0
    return out
