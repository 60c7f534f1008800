"""Saves the weights in float32 to make the file smaller."""

# fails: capture/goes_on, capture/has_weights
# hears: run.net


def capture(run):
    names = ("settings", "velocity", "order", "position", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    state["net"] = {name: part.astype(np.float32) for name, part in run.net.items()}
    return state | {"rng": run.rng.bit_generator.state}
