"""Blanks the caller's pictures."""

# fails: cutout/co_unchanged
# hears: your code changed its argument `x`


def cutout(x, size, rng):
    for picture in x:
        top, left = rng.integers(x.shape[2]) - size // 2, rng.integers(x.shape[3]) - size // 2
        picture[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = 0
    return x
