"""Draws one number for the row and the column of the corner."""

# fails: flip_and_crop/fc_even
# hears: draw rows and columns apart


def flip_and_crop(x, rng, p=0.5, padding=2):
    height, width = x.shape[2:]
    made = []
    for framed in F.pad(x, (padding,) * 4):
        corner = rng.integers(0, 2 * padding + 1)
        window = framed[:, corner : corner + height, corner : corner + width]
        made.append(window.flip(2) if rng.random() < p else window)
    return torch.stack(made)
