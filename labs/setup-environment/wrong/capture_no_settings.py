"""Forgets the settings, so that nobody notices when they change."""

# fails: capture/has_settings_and_best
# hears: no "settings" in it


def capture(run):
    names = ("net", "velocity", "order", "position", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": run.rng.bit_generator.state}
