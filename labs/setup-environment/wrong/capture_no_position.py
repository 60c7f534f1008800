"""Saves the order of the epoch, but not the position in it."""

# fails: capture/goes_on, capture/has_place
# hears: run.position


def capture(run):
    names = ("settings", "net", "velocity", "order", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": run.rng.bit_generator.state}
