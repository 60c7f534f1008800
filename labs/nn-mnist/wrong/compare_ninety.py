"""The middle 90 %."""

# fails: compare/compare_draws_groups
# hears: this is the middle 90 %


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    difference = right_a.astype(float) - right_b
    names, number = np.unique(groups, return_inverse=True)
    total, size = np.bincount(number, difference), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    results = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return difference.mean(), np.quantile(results, 0.05), np.quantile(results, 0.95)
