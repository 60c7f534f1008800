"""Saves the data as well."""

# fails: capture/without_the_data
# hears: every session has the data anyway


def capture(run):
    state = copy.deepcopy(vars(run)) | {"rng": run.rng.bit_generator.state}
    return {name: value for name, value in state.items() if name not in ("rows", "began")}
