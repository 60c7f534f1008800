"""Returns only the runs that were made now."""

# fails: sweep/sweep_skips, sweep/sweep_crashed, sweep/sweep_interrupted
# hears: skipped or made or failed


def sweep(folder, configs, train, start):
    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists() or read_run(place)["status"] != "finished":
            set_aside(place)
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except Exception as error:
                print(error)
            found.append(read_run(place))
    return found
