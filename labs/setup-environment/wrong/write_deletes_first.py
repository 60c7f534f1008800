"""Deletes the old file to make room for the new one."""

# fails: write/any_call
# hears: must not be opened, emptied or deleted


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.unlink(missing_ok=True)
    os.rename(beside, path)
