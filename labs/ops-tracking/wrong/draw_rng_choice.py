"""Lets rng.choice pick from the list, which makes one array, and so one type, of all entries."""

# fails: draw/draw_names, draw/draw_list
# hears: and not through a NumPy array


def draw(space, rng):
    drawn = {}
    for name, values in space.items():
        if isinstance(values, list):
            drawn[name] = rng.choice([str(each) for each in values] if any(isinstance(each, str) for each in values) else values)
        elif values[0] == "even":
            drawn[name] = float(rng.uniform(values[1], values[2]))
        else:
            drawn[name] = math.exp(rng.uniform(math.log(values[1]), math.log(values[2])))
    return drawn
