"""Swaps without waiting for the disk."""

# fails: write/synced_before_the_swap
# hears: a swap without fsync


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
    os.replace(beside, path)
