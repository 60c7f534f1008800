"""A folder that exists counts as done."""

# fails: sweep/sweep_crashed, sweep/sweep_retries, sweep/sweep_interrupted
# hears: only 'finished' counts as done


def sweep(folder, configs, train, start):
    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists():
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except Exception as error:
                print(error)
        found.append(read_run(place))
    return found
