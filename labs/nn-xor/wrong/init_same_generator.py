"""Makes a second generator with the same seed for the second layer."""

# fails: init/layers_differ
# hears: a second default_rng(seed)


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    return {
        "W": gain / np.sqrt(d) * rng.standard_normal((d, m)),
        "b": np.zeros(m),
        "v": gain / np.sqrt(m) * np.random.default_rng(seed).standard_normal(m),
        "c": 0.0,
    }
