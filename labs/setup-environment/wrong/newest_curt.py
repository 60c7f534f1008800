"""Refuses without a reason."""

# fails: newest/names_what_differs
# hears: put the name and both values


def newest(folder, settings):
    for path in sorted(folder.glob("step-*.ckpt"), key=step_of, reverse=True):
        try:
            state = unpack(path.read_bytes())
        except OSError:
            continue
        if state["settings"] != settings:
            raise ValueError("wrong settings")
        return state
    return None
