"""Saves the state that the generator had at the beginning."""

# fails: capture/goes_on, capture/has_generator
# hears: the state at step 0


def capture(run):
    names = ("settings", "net", "velocity", "order", "position", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": np.random.default_rng(run.settings["seed"]).bit_generator.state}
