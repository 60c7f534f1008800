"""Takes every file in the folder for a checkpoint."""

# fails: newest/by_number, newest/ignores_others
# hears: only step-NUMBER.ckpt


def newest(folder, settings):
    for path in sorted(folder.glob("*"), key=lambda path: path.name, reverse=True):
        try:
            state = unpack(path.read_bytes())
        except OSError:
            continue
        theirs = state["settings"]
        other = [name for name in sorted(theirs | settings) if theirs.get(name) != settings.get(name)]
        if other:
            differ = ", ".join(f"{name} was {theirs.get(name)} and is now {settings.get(name)}" for name in other)
            raise ValueError(f"{path.name} belongs to another run: {differ}.")
        return state
    return None
