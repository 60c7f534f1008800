"""Takes pictures for equal that are nearly so."""

# fails: leaks/leaks_wants_equality
# hears: equal in every number


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    copies = sum(any(np.allclose(a, b) for b in X_train) for a in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
