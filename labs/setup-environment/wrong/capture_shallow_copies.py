"""Copies the dictionaries, but not the arrays in them."""

# fails: capture/stands_still
# hears: a copy of the dictionary alone shares them


def capture(run):
    names = ("settings", "net", "velocity", "order", "position", "step", "best")
    return {name: copy.copy(getattr(run, name)) for name in names} | {"rng": run.rng.bit_generator.state}
