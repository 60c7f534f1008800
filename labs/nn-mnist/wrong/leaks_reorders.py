"""Only reorders the test pictures; a mean or a maximum does not notice."""

# fails: leaks/leaks_catches_peeking
# hears: does not notice another order


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {picture.tobytes() for picture in X_train}
    copies = sum(picture.tobytes() in known for picture in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, X_test[::-1])
    peeks = not np.array_equal(first, second)
    return {"copies": copies, "groups": groups, "peeks": peeks}
