"""One weight for the whole batch."""

# fails: mixup/mu_weights
# hears: one weight for the whole batch


def mixup(x, targets, alpha, rng):
    a, partner = float(rng.beta(alpha, alpha)), rng.permutation(len(x))
    return a * x + (1 - a) * x[partner], a * targets + (1 - a) * targets[partner]
