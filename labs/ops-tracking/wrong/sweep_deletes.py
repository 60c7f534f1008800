"""Deletes what a crashed attempt left."""

# fails: sweep/sweep_crashed
# hears: do not delete it


def sweep(folder, configs, train, start):
    import shutil

    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists() or read_run(place)["status"] != "finished":
            shutil.rmtree(place, ignore_errors=True)
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except Exception as error:
                print(error)
        found.append(read_run(place))
    return found
