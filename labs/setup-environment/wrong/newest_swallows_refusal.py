"""Its own `except Exception` catches the refusal and goes on to an older checkpoint."""

# fails: newest/refuses
# hears: your own `except` does not swallow


def newest(folder, settings):
    for path in sorted(folder.glob("step-*.ckpt"), key=step_of, reverse=True):
        try:
            state = unpack(path.read_bytes())
            if state["settings"] != settings:
                raise ValueError(f"{path.name}: was {state['settings']}, now {settings}")
            return state
        except Exception:
            continue
    return None
