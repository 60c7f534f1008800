"""Saves the generator itself instead of its state."""

# fails: capture/goes_on, capture/has_generator, capture/stands_still
# fails: capture/without_the_data
# hears: the generator is an object


def capture(run):
    names = ("settings", "net", "velocity", "order", "position", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": copy.deepcopy(run.rng)}
