"""Counts the groups that are on both sides, not their test rows."""

# fails: leaks/leaks_counts_groups
# hears: count the test rows, not the groups


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {picture.tobytes() for picture in X_train}
    copies = sum(picture.tobytes() in known for picture in X_test)
    groups = len(set(groups_test.tolist()) & set(groups_train.tolist()))
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
