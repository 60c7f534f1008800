"""Compares the test features, which may well change with the test pictures."""

# fails: leaks/leaks_finds_nothing
# hears: compare the training features only


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {picture.tobytes() for picture in X_train}
    copies = sum(picture.tobytes() in known for picture in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    _, first = prepare(X_train, X_test)
    _, second = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
