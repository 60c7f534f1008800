"""One try around the loop: after the first error the rest of the stores hear nothing."""

# fails: fan-out/fan_failing_store, fan-out/fan_finish, fan-out/fan_nobody
# hears: in a `try` of its own


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores = stores
        self.failures = {name: [] for name in stores}

    def log(self, step, metrics):
        self.each(lambda store: store.log(step, dict(metrics)))

    def finish(self, status):
        self.each(lambda store: store.finish(status))

    def each(self, call):
        try:
            for name, store in self.stores.items():
                call(store)
        except Exception as error:
            self.failures[name].append(repr(error))
            if name == next(iter(self.stores)) and len(self.stores) == 1:
                raise RuntimeError from error
