"""Leaves the weights in float64, and so the pictures."""

# fails: mixup/mu_shape
# hears: bring them to the dtype of x


def mixup(x, targets, alpha, rng):
    a, partner = torch.from_numpy(rng.beta(alpha, alpha, len(x))), rng.permutation(len(x))
    b, c = a[:, None, None, None], a[:, None]
    return b * x + (1 - b) * x[partner], c * targets + (1 - c) * targets[partner]
