"""Draws the groups of each part from all groups: some land in two parts, others in none."""

# fails: deal/deal_is_complete, deal/deal_keeps_groups_whole, deal/deal_takes_any_names
# hears: do not draw for each part anew


def deal(groups, counts, seed):
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError
    rng = np.random.default_rng(seed)
    return [np.flatnonzero(np.isin(groups, rng.choice(names, size=count, replace=False))) for count in counts]
