"""Calls fsync while the bytes are still in Python's buffer."""

# fails: write/synced_before_the_swap
# hears: flush first


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    os.replace(beside, path)
