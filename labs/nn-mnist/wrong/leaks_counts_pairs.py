"""Counts pairs of equal pictures."""

# fails: leaks/leaks_counts_copies
# hears: these are pairs


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    copies = sum(np.array_equal(a, b) for a in X_test for b in X_train)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
