"""Remembers that a load failed, for ever."""

# fails: once/forgets_errors
# hears: the next visitor tries anew


def once(load):
    kept, lock = {}, threading.Lock()

    def shared(folder):
        with lock:
            if folder not in kept:
                try:
                    kept[folder] = load(folder)
                except OSError as error:
                    kept[folder] = error
            if isinstance(kept[folder], OSError):
                raise kept[folder]
            return kept[folder]

    return shared
