"""Knows a picture by the set of its numbers, not by their places."""

# fails: leaks/leaks_wants_equality
# hears: throw the places away


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {np.sort(picture, axis=None).tobytes() for picture in X_train}
    copies = sum(np.sort(picture, axis=None).tobytes() in known for picture in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
