"""Counts doubles anywhere, also within one part."""

# fails: leaks/leaks_counts_copies
# hears: two alike within one part are no leak


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    copies = len(X_train) + len(X_test) - len({p.tobytes() for p in [*X_train, *X_test]})
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
