"""Shifts with torch.roll: what leaves on one side enters on the other."""

# fails: flip_and_crop/fc_window
# hears: not np.roll


def flip_and_crop(x, rng, p=0.5, padding=2):
    made = []
    for picture in x:
        shift = rng.integers(-padding, padding + 1, size=2).tolist()
        picture = torch.roll(picture, shift, (1, 2))
        made.append(picture.flip(2) if rng.random() < p else picture)
    return torch.stack(made)
