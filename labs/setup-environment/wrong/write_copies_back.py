"""Copies the file beside onto the old one, instead of swapping names."""

# fails: write/any_call, write/synced_before_the_swap
# hears: os.replace(beside, path) is the one call


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.write_bytes(beside.read_bytes())
    beside.unlink()
