"""Draws evenly, and then takes the logarithm."""

# fails: draw/draw_names, draw/draw_log
# hears: undone with exp


def draw(space, rng):
    drawn = {}
    for name, values in space.items():
        if isinstance(values, list):
            drawn[name] = values[rng.integers(len(values))]
        elif values[0] == "even":
            drawn[name] = float(rng.uniform(values[1], values[2]))
        else:
            drawn[name] = float(rng.uniform(math.log(values[1]), math.log(values[2])))
    return drawn
