"""Forgives every error and tells nobody."""

# fails: fan-out/fan_failures, fan-out/fan_nobody
# hears: that nobody writes down has not happened


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores = stores
        self.failures = {name: [] for name in stores}

    def log(self, step, metrics):
        self.each(lambda store: store.log(step, dict(metrics)))

    def finish(self, status):
        self.each(lambda store: store.finish(status))

    def each(self, call):
        for store in self.stores.values():
            try:
                call(store)
            except Exception:
                pass
