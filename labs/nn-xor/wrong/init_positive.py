"""Draws positive numbers only."""

# fails: init/hidden_spread, init/output_spread
# hears: both signs


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    return {"W": gain / np.sqrt(d) * rng.uniform(size=(d, m)), "b": np.zeros(m), "v": gain / np.sqrt(m) * rng.uniform(size=m), "c": 0.0}
