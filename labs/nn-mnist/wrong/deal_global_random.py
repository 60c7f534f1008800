"""Uses the global generator, so the seed has no say."""

# fails: deal/deal_follows_the_seed
# hears: np.random.default_rng(seed)


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(np.random.permutation(names), np.cumsum(counts)[:-1])]
