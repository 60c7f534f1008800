"""Divides by the number of inputs, not by its square root."""

# fails: init/hidden_spread, init/output_spread
# hears: variances add up


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    return {"W": gain / d * rng.standard_normal((d, m)), "b": np.zeros(m), "v": gain / m * rng.standard_normal(m), "c": 0.0}
