"""Writes to a file with a new name each time, which piles up after kills."""

# fails: write/leftovers_do_no_harm, write/synced_before_the_swap
# hears: never piles up


def write_atomically(path, data):
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
