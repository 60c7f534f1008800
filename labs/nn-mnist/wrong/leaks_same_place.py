"""Compares each test picture with the training picture at the same place only."""

# fails: leaks/leaks_counts_copies
# hears: any place, not only at the same row number


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    copies = sum(np.array_equal(a, b) for a, b in zip(X_test, X_train, strict=False))
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
