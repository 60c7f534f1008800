"""Takes every change of the training pictures for peeking."""

# fails: leaks/leaks_finds_nothing
# hears: features need not be the pictures


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    known = {picture.tobytes() for picture in X_train}
    copies = sum(picture.tobytes() in known for picture in X_test)
    groups = int(np.isin(groups_test, groups_train).sum())
    first, _ = prepare(X_train, X_test)
    second, _ = prepare(X_train, 9.0 - 20.0 * X_test)
    peeks = not np.array_equal(first, X_train.reshape(len(X_train), -1))
    return {"copies": copies, "groups": groups, "peeks": peeks}
