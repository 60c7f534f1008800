"""A store that failed once is not called again."""

# fails: fan-out/fan_calls_again, fan-out/fan_failures, fan-out/fan_nobody
# hears: at the next step it may be back


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
            if self.failures[name]:
                continue
            try:
                call(store)
                taken += 1
            except Exception as error:
                self.failures[name].append(repr(error))
        if not taken:
            raise RuntimeError("no store took it")
