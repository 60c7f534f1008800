"""Cuts the sorted names: the same forms are always the test set."""

# fails: deal/deal_shuffles, deal/deal_follows_the_seed
# hears: shuffle the names before you cut


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(names, np.cumsum(counts)[:-1])]
