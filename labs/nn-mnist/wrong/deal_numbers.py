"""Takes for granted that the groups are called 0 to k - 1."""

# fails: deal/deal_is_complete, deal/deal_counts, deal/deal_takes_any_names
# hears: do not count on numbers from 0 to k - 1


def deal(groups, counts, seed):
    if sum(counts) != len(np.unique(groups)):
        raise ValueError
    names = np.random.default_rng(seed).permutation(len(np.unique(groups)))
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(names, np.cumsum(counts)[:-1])]
