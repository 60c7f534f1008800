"""Accepts any counts: groups that are left over vanish without a word."""

# fails: deal/deal_refuses
# hears: raise ValueError


def deal(groups, counts, seed):
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    ends = np.cumsum(counts)
    return [np.flatnonzero(np.isin(groups, names[end - count : end])) for count, end in zip(counts, ends, strict=True)]
