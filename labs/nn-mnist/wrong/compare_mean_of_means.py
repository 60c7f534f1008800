"""Every group counts the same, however small it is."""

# fails: compare/compare_difference, compare/compare_draws_groups
# hears: not the mean of the groups' means


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    difference = right_a.astype(float) - right_b
    names, number = np.unique(groups, return_inverse=True)
    total, size = np.bincount(number, difference), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    results = (total / size)[drawn].mean(axis=1)
    return (total / size).mean(), np.quantile(results, 0.025), np.quantile(results, 0.975)
