"""Cuts at the counts themselves, not at their sums."""

# fails: deal/deal_is_complete, deal/deal_keeps_groups_whole, deal/deal_counts, deal/deal_takes_any_names, deal/deal_shuffles
# fails: deal/deal_follows_the_seed, deal/deal_gives_rows
# hears: a list of


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    shuffled = np.random.default_rng(seed).permutation(names)
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(shuffled, counts)]
