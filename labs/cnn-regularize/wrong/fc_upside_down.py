"""Mirrors the rows."""

# fails: flip_and_crop/fc_mirror, flip_and_crop/fc_window
# hears: mirrored top to bottom


def flip_and_crop(x, rng, p=0.5, padding=2):
    count, _, height, width = x.shape
    top, left = rng.integers(0, 2 * padding + 1, size=(2, count, 1))
    rows, columns = top + np.arange(height), left + np.arange(width)
    rows = np.where(rng.random((count, 1)) < p, rows[:, ::-1], rows)
    framed = F.pad(x, (padding,) * 4)
    rows, columns = torch.from_numpy(rows)[:, :, None], torch.from_numpy(columns)[:, None, :]
    return framed[torch.arange(count)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
