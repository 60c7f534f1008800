"""Leaves NumPy's numbers in the record."""

# fails: answer/is_plain
# hears: turns NumPy's numbers into Python's


def answer(scores, classes, temperature=1.0, least=0.6):
    z = np.asarray(scores, dtype=float) / temperature
    weights = np.exp(z - z.max())
    chances = dict(zip(classes, weights / weights.sum(), strict=True))
    best = max(chances, key=chances.get)
    return Answer(best if chances[best] >= least else None, chances[best], chances)
