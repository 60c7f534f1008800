"""Takes for granted that the groups are numbers from 0 on."""

# fails: compare/compare_any_names
# hears: whatever they are called


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    difference = right_a.astype(float) - right_b
    names, number = np.arange(groups.max() + 1), groups
    total, size = np.bincount(number, difference), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    results = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return difference.mean(), np.quantile(results, 0.025), np.quantile(results, 0.975)
