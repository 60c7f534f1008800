"""Forgets the best accuracy so far."""

# fails: capture/has_settings_and_best
# hears: the next session must know it


def capture(run):
    names = ("settings", "net", "velocity", "order", "position", "step")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": run.rng.bit_generator.state}
