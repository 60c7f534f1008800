"""Says the place of the best class instead of its name."""

# fails: answer/names_the_best, answer/says_not_sure
# hears: the digit is the name, not its place


def answer(scores, classes, temperature=1.0, least=0.6):
    z = np.asarray(scores, dtype=float) / temperature
    weights = np.exp(z - z.max())
    chances = dict(zip(classes, (weights / weights.sum()).tolist(), strict=True))
    best = max(chances, key=chances.get)
    return Answer(str(classes.index(best)) if chances[best] >= least else None, chances[best], chances)
