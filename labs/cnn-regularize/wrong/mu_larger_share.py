"""Always gives the picture itself the larger share."""

# fails: mixup/mu_weights
# hears: without taking the larger of a and 1 - a


def mixup(x, targets, alpha, rng):
    a = rng.beta(alpha, alpha, len(x))
    a, partner = torch.from_numpy(np.maximum(a, 1 - a)).to(x), rng.permutation(len(x))
    b, c = a[:, None, None, None], a[:, None]
    return b * x + (1 - b) * x[partner], c * targets + (1 - c) * targets[partner]
