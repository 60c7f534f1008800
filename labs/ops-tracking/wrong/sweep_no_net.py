"""A run that fails ends the sweep."""

# fails: sweep/sweep_failing
# hears: around the `with` block


def sweep(folder, configs, train, start):
    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists() or read_run(place)["status"] != "finished":
            set_aside(place)
            with start(place, config) as tracker:
                train(config, tracker)
        found.append(read_run(place))
    return found
