"""Cannot tell a remembered None from nothing."""

# fails: once/remembers_none
# hears: cannot tell None from nothing


def once(load):
    kept, lock = {}, threading.Lock()

    def shared(folder):
        with lock:
            if kept.get(folder) is None:
                kept[folder] = load(folder)
            return kept[folder]

    return shared
