"""A net that is too wide also catches Ctrl-C."""

# fails: sweep/sweep_interrupted
# hears: lets KeyboardInterrupt through


def sweep(folder, configs, train, start):
    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists() or read_run(place)["status"] != "finished":
            set_aside(place)
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except BaseException:
                pass
        found.append(read_run(place))
    return found
