"""Catches the error of a full disk and says nothing."""

# fails: write/full_disk
# hears: do not catch the OSError


def write_atomically(path, data):
    beside = path.with_name(path.name + ".tmp")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        print("could not save")
