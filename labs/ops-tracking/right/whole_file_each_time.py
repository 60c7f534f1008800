"""Opens the file anew for every line; reads with a regular grammar of bytes; the fan-out keeps to plain code in both methods."""


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True, exist_ok=False)
        self.path, self.durable, self.status = folder / "run.jsonl", durable, None
        self._line({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        if self.status:
            raise ValueError(f"the run has {self.status}")
        self._line({"event": "log", "step": int(step), "metrics": dict(zip(metrics, map(float, metrics.values()), strict=True))})

    def finish(self, status):
        self._line({"event": "end", "status": status})
        self.status = status

    def _line(self, entry):
        with self.path.open("ab") as file:
            file.write((json.dumps(entry) + "\n").encode())
            if self.durable:
                file.flush()
                os.fsync(file)


def read_run(folder):
    content = (folder / "run.jsonl").read_bytes()
    whole = content[: content.rfind(b"\n") + 1].splitlines()
    entries = []
    for line in whole:
        try:
            entries.append(json.loads(line))
        except ValueError:
            raise ValueError(f"damaged: line {len(entries) + 1}") from None
    start = next((each for each in entries if each["event"] == "start"), {})
    ends = [each["status"] for each in entries if each["event"] == "end"]
    metrics = {}
    for each in entries:
        if each["event"] == "log":
            for name, value in each["metrics"].items():
                metrics[name] = [*metrics.get(name, []), (each["step"], value)]
    status = ends[-1] if ends else "crashed"
    return {"config": start.get("config"), "environment": start.get("environment"), "metrics": metrics, "status": status}


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores, self.failures = stores, {name: [] for name in stores}

    def log(self, step, metrics):
        self._check([self._try(name, store.log, step, metrics.copy()) for name, store in self.stores.items()])

    def finish(self, status):
        self._check([self._try(name, store.finish, status) for name, store in self.stores.items()])

    def _try(self, name, call, *arguments):
        try:
            call(*arguments)
        except Exception as error:
            self.failures[name] += [repr(error)]
            return False
        return True

    def _check(self, worked):
        if True not in worked:
            raise RuntimeError("nobody wrote this down")


def sweep(folder, configs, train, start):
    def made(config):
        place = folder / run_name(config)
        if place.exists():
            record = read_run(place)
            if record["status"] == "finished":
                return record
            set_aside(place)
        tracker = start(place, config)
        try:
            train(config, tracker)
        except BaseException as error:
            tracker.finish("failed")
            if not isinstance(error, Exception):
                raise
        else:
            tracker.finish("finished")
        return read_run(place)

    return [made(config) for config in configs]
