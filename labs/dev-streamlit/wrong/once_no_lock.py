"""Looks and loads without a lock."""

# fails: once/locks
# hears: look and load while you hold the lock


def once(load):
    kept = {}

    def shared(folder):
        if folder not in kept:
            kept[folder] = load(folder)
        return kept[folder]

    return shared
