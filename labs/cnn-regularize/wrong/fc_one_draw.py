"""Draws once for the whole batch."""

# fails: flip_and_crop/fc_own_draws
# hears: one draw for the whole batch


def flip_and_crop(x, rng, p=0.5, padding=2):
    height, width = x.shape[2:]
    framed = F.pad(x, (padding,) * 4)
    top, left = rng.integers(0, 2 * padding + 1, size=2)
    x = framed[:, :, top : top + height, left : left + width]
    return x.flip(3) if rng.random() < p else x.clone()
