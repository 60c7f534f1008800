"""Blanks the rows of the square, and its columns."""

# fails: cutout/co_square
# hears: its row AND its column are


def cutout(x, size, rng):
    count, _, height, width = x.shape
    top = torch.from_numpy(rng.integers(0, height, (count, 1))) - size // 2
    left = torch.from_numpy(rng.integers(0, width, (count, 1))) - size // 2
    rows, columns = torch.arange(height), torch.arange(width)
    in_rows, in_columns = (rows >= top) & (rows < top + size), (columns >= left) & (columns < left + size)
    return x.masked_fill(in_rows[:, None, :, None] | in_columns[:, None, None, :], 0.0)
