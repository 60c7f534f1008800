"""Scales both layers by the number of hidden units."""

# fails: init/hidden_spread
# hears: the inputs of a hidden unit are the d features


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    return {
        "W": gain / np.sqrt(m) * rng.standard_normal((d, m)),
        "b": np.zeros(m),
        "v": gain / np.sqrt(m) * rng.standard_normal(m),
        "c": 0.0,
    }
