"""Lets go of the lock before it loads."""

# fails: once/locks
# hears: look and load while you hold the lock


def once(load):
    kept, lock = {}, threading.Lock()

    def shared(folder):
        with lock:
            missing = folder not in kept
        if missing:
            kept[folder] = load(folder)
        return kept[folder]

    return shared
