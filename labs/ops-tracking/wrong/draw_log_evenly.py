"""Draws the log range evenly."""

# fails: draw/draw_log
# hears: small values hardly ever come


def draw(space, rng):
    drawn = {}
    for name, values in space.items():
        if isinstance(values, list):
            drawn[name] = values[rng.integers(len(values))]
        else:
            drawn[name] = float(rng.uniform(values[1], values[2]))
    return drawn
