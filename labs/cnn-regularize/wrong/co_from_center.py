"""Reaches size // 2 to both sides, the center included: an even size becomes odd."""

# fails: cutout/co_square
# hears: from top to top + size - 1


def cutout(x, size, rng):
    out = x.clone()
    for picture in out:
        row, column, reach = rng.integers(x.shape[2]), rng.integers(x.shape[3]), size // 2
        picture[:, max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1] = 0
    return out
