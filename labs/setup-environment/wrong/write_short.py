"""Writes without a buffer, and does not look how much was written: a full disk, or a limit, takes only a part."""

# fails: write/any_byte, write/full_disk
# hears: may take only a part


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
    os.replace(beside, path)
