"""Is not sure at exactly the bound."""

# fails: answer/says_not_sure
# hears: a confidence of exactly the bound suffices


def answer(scores, classes, temperature=1.0, least=0.6):
    z = np.asarray(scores, dtype=float) / temperature
    weights = np.exp(z - z.max())
    chances = dict(zip(classes, (weights / weights.sum()).tolist(), strict=True))
    best = max(chances, key=chances.get)
    return Answer(best if chances[best] > least else None, chances[best], chances)
