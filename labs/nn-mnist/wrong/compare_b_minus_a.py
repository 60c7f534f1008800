"""B minus A."""

# fails: compare/compare_difference, compare/compare_draws_groups, compare/compare_draws_rows
# hears: the sign is turned round


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    difference = right_b.astype(float) - right_a
    names, number = np.unique(groups, return_inverse=True)
    total, size = np.bincount(number, difference), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    results = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return difference.mean(), np.quantile(results, 0.025), np.quantile(results, 0.975)
