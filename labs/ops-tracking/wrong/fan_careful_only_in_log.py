"""Only log forgives; finish does not."""

# fails: fan-out/fan_finish, fan-out/fan_failures, fan-out/fan_nobody
# hears: finish needs the same care as log


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores = stores
        self.failures = {name: [] for name in stores}

    def log(self, step, metrics):
        taken = 0
        for name, store in self.stores.items():
            try:
                store.log(step, dict(metrics))
                taken += 1
            except Exception as error:
                self.failures[name].append(repr(error))
        if not taken:
            raise RuntimeError("no store took it")

    def finish(self, status):
        for store in self.stores.values():
            store.finish(status)
