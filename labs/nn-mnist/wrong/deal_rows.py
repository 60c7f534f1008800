"""Shuffles and cuts the rows; the groups are torn."""

# fails: deal/deal_keeps_groups_whole, deal/deal_counts, deal/deal_takes_any_names
# hears: not the rows


def deal(groups, counts, seed):
    if sum(counts) != len(np.unique(groups)):
        raise ValueError
    rows = np.random.default_rng(seed).permutation(len(groups))
    cuts = np.round(np.cumsum(counts)[:-1] / sum(counts) * len(groups)).astype(int)
    return [np.sort(part) for part in np.split(rows, cuts)]
