"""Starts all weights at the same number."""

# fails: init/hidden_spread, init/output_spread, init/no_twins, init/seed_decides
# hears: units that start equal stay equal


def initialize(d, m, seed, gain=1.0):
    return {"W": np.full((d, m), gain / np.sqrt(d)), "b": np.zeros(m), "v": np.full(m, gain / np.sqrt(m)), "c": 0.0}
