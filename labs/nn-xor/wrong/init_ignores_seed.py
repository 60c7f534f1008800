"""Makes a generator without the seed."""

# fails: init/seed_decides
# hears: np.random.default_rng(seed)


def initialize(d, m, seed, gain=1.0):
    rng = np.random.default_rng()
    return {
        "W": gain / np.sqrt(d) * rng.standard_normal((d, m)),
        "b": np.zeros(m),
        "v": gain / np.sqrt(m) * rng.standard_normal(m),
        "c": 0.0,
    }
