"""Changes the caller's test pictures in place."""

# fails: leaks/leaks_leaves_data
# hears: changed its argument


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {picture.tobytes() for picture in X_train}
    copies = sum(picture.tobytes() in known for picture in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    X_test[:] = 9.0 - 20.0 * X_test
    second, _ = prepare(X_train, X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
