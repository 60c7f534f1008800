"""Returns masks, not row numbers."""

# fails: deal/deal_gives_rows
# hears: np.flatnonzero turns a mask into row numbers


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    shuffled = np.random.default_rng(seed).permutation(names)
    return [np.isin(groups, chosen) for chosen in np.split(shuffled, np.cumsum(counts)[:-1])]
