"""Names the runs by their place in the list."""

# fails: sweep/sweep_all, sweep/sweep_skips, sweep/sweep_other_settings, sweep/sweep_crashed
# hears: the name stands for all settings


def sweep(folder, configs, train, start):
    found = []
    for number, config in enumerate(configs):
        place = folder / f"run-{number:03d}"
        if not place.exists() or read_run(place)["status"] != "finished":
            set_aside(place)
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except Exception as error:
                print(error)
        found.append(read_run(place))
    return found
