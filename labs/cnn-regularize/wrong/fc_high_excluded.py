"""Takes the upper end of rng.integers for included: the last corner is never drawn."""

# fails: flip_and_crop/fc_even
# hears: never draws high itself


def flip_and_crop(x, rng, p=0.5, padding=2):
    height, width = x.shape[2:]
    made = []
    for framed in F.pad(x, (padding,) * 4):
        top, left = rng.integers(0, max(1, 2 * padding), size=2)
        window = framed[:, top : top + height, left : left + width]
        made.append(window.flip(2) if rng.random() < p else window)
    return torch.stack(made)
