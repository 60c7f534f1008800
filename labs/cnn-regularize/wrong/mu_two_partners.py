"""Draws another partner for the target."""

# fails: mixup/mu_alike
# hears: draw once, use twice


def mixup(x, targets, alpha, rng):
    a = torch.from_numpy(rng.beta(alpha, alpha, len(x))).to(x)
    mixed = a[:, None, None, None] * x + (1 - a)[:, None, None, None] * x[rng.permutation(len(x))]
    return mixed, a[:, None] * targets + (1 - a)[:, None] * targets[rng.permutation(len(x))]
