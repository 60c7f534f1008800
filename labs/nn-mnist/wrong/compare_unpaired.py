"""Draws rows for A and for B separately."""

# fails: compare/compare_draws_groups, compare/compare_draws_rows, compare/compare_twins
# hears: A and B were drawn separately


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    rng, n = np.random.default_rng(seed), len(groups)
    results = np.array([right_a[rng.integers(n, size=n)].mean() - right_b[rng.integers(n, size=n)].mean() for _ in range(draws)])
    return right_a.mean() - right_b.mean(), np.quantile(results, 0.025), np.quantile(results, 0.975)
