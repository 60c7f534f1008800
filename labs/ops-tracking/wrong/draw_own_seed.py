"""Draws with a generator of its own."""

# fails: draw/draw_even, draw/draw_log, draw/draw_list, draw/draw_generator
# hears: no seed inside draw


def draw(space, rng):
    rng, drawn = np.random.default_rng(0), {}
    for name, values in space.items():
        if isinstance(values, list):
            drawn[name] = values[rng.integers(len(values))]
        elif values[0] == "even":
            drawn[name] = float(rng.uniform(values[1], values[2]))
        else:
            drawn[name] = math.exp(rng.uniform(math.log(values[1]), math.log(values[2])))
    return drawn
