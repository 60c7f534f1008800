"""Writes onto the old file."""

# fails: write/any_byte, write/any_call, write/full_disk
# fails: write/leftovers_do_no_harm, write/synced_before_the_swap
# hears: the file itself must not be opened


def write_atomically(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
