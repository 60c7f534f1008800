"""Draws partners with repetition."""

# fails: mixup/mu_permutation
# hears: not n draws with repetition


def mixup(x, targets, alpha, rng):
    a = torch.from_numpy(rng.beta(alpha, alpha, len(x))).to(x)
    partner = rng.integers(0, len(x), len(x))
    b, c = a[:, None, None, None], a[:, None]
    return b * x + (1 - b) * x[partner], c * targets + (1 - c) * targets[partner]
