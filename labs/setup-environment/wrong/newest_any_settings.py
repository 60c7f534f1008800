"""Does not compare the settings."""

# fails: newest/refuses
# hears: compare state['settings'] with settings


def newest(folder, settings):
    for path in sorted(folder.glob("step-*.ckpt"), key=step_of, reverse=True):
        try:
            return unpack(path.read_bytes())
        except OSError:
            continue
    return None
