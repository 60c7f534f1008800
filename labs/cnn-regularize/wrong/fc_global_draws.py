"""Draws with NumPy's global generator."""

# fails: flip_and_crop/fc_generator
# hears: draw everything with the generator


def flip_and_crop(x, rng, p=0.5, padding=2):
    height, width = x.shape[2:]
    made = []
    for framed in F.pad(x, (padding,) * 4):
        top, left = np.random.randint(0, 2 * padding + 1, size=2)
        window = framed[:, top : top + height, left : left + width]
        made.append(window.flip(2) if np.random.rand() < p else window)
    return torch.stack(made)
