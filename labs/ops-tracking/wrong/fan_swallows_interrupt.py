"""Catches everything, Ctrl-C too."""

# fails: fan-out/fan_interrupt
# hears: is meant for the whole program


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores = stores
        self.failures = {name: [] for name in stores}

    def log(self, step, metrics):
        self.each(lambda store: store.log(step, dict(metrics)))

    def finish(self, status):
        self.each(lambda store: store.finish(status))

    def each(self, call):
        taken = 0
        for name, store in self.stores.items():
            try:
                call(store)
                taken += 1
            except BaseException as error:
                self.failures[name].append(repr(error))
        if not taken:
            raise RuntimeError("no store took it")
