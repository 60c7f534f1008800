"""Shuffles instead of drawing with repetition: every draw holds the same groups."""

# fails: compare/compare_draws_groups, compare/compare_draws_rows, compare/compare_follows_the_seed
# hears: with repetition


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    difference = right_a.astype(float) - right_b
    names, number = np.unique(groups, return_inverse=True)
    total, size = np.bincount(number, difference), np.bincount(number)
    rng = np.random.default_rng(seed)
    results = []
    for _ in range(draws):
        drawn = rng.permutation(len(names))
        results.append(total[drawn].sum() / size[drawn].sum())
    return difference.mean(), np.quantile(results, 0.025), np.quantile(results, 0.975)
