"""Keeps one classifier, whatever folder is asked for."""

# fails: once/loads_once
# hears: the folder is the key


def once(load):
    kept, lock = [], threading.Lock()

    def shared(folder):
        with lock:
            if not kept:
                kept.append(load(folder))
            return kept[0]

    return shared
