"""Takes the exponential of the scores as they are."""

# fails: answer/is_stable
# hears: subtract the largest score first


def answer(scores, classes, temperature=1.0, least=0.6):
    z = np.asarray(scores, dtype=float) / temperature
    weights = np.exp(z)
    chances = dict(zip(classes, (weights / weights.sum()).tolist(), strict=True))
    best = max(chances, key=chances.get)
    return Answer(best if chances[best] >= least else None, chances[best], chances)
