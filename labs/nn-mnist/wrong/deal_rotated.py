"""Begins at a random name, but leaves the names in their order: neighbors stay together."""

# fails: deal/deal_shuffles
# hears: any two groups


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    names = np.roll(names, np.random.default_rng(seed).integers(len(names)))
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(names, np.cumsum(counts)[:-1])]
