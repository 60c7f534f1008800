"""Another style throughout: descriptors instead of file objects, early exits, plain loops, and no helper methods."""


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        os.makedirs(folder)
        self.durable, self.over = durable, False
        self.descriptor = os.open(os.path.join(folder, "run.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        self._append(event="start", config=config, environment=environment)

    def _append(self, **entry):
        if self.over:
            raise ValueError("this run has ended")
        os.write(self.descriptor, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        if self.durable:
            os.fsync(self.descriptor)

    def log(self, step, metrics):
        numbers = dict(metrics)
        for name in numbers:
            numbers[name] = float(numbers[name])
        self._append(event="log", step=int(step), metrics=numbers)

    def finish(self, status):
        self._append(event="end", status=status)
        self.over = True
        os.close(self.descriptor)


def read_run(folder):
    config = environment = None
    metrics, status = {}, "crashed"
    with open(folder / "run.jsonl", "rb") as file:
        for number, line in enumerate(file):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line.decode("utf-8"))
            except (UnicodeDecodeError, json.JSONDecodeError):
                raise ValueError(f"{folder}: line {number + 1} cannot be read") from None
            match entry:
                case {"event": "start", "config": config, "environment": environment}:
                    pass
                case {"event": "log", "step": step, "metrics": values}:
                    for name in values:
                        if name not in metrics:
                            metrics[name] = []
                        metrics[name].append((step, values[name]))
                case {"event": "end", "status": status}:
                    pass
    return dict(config=config, environment=environment, metrics=metrics, status=status)


class FanOut(Tracker):
    def __init__(self, stores):
        self.stores = dict(stores)
        self.failures = {}
        for name in stores:
            self.failures[name] = []

    def log(self, step, metrics):
        self._all("log", lambda: (step, {**metrics}))

    def finish(self, status):
        self._all("finish", lambda: (status,))

    def _all(self, method, arguments):
        failed = []
        for name in self.stores:
            try:
                getattr(self.stores[name], method)(*arguments())
            except Exception as error:
                self.failures[name].append(repr(error))
                failed.append(error)
        if len(failed) == len(self.stores):
            raise RuntimeError("every store failed") from failed[0]


class MLflowTracker(Tracker):
    def __init__(self, client, experiment_id, config):
        self.client = client
        self.run_id = client.create_run(experiment_id=experiment_id).info.run_id
        for name in config:
            client.log_param(run_id=self.run_id, key=name, value=json.dumps(config[name]))

    def log(self, step, metrics):
        for name in metrics:
            self.client.log_metric(run_id=self.run_id, key=name, value=metrics[name], step=step)

    def finish(self, status):
        self.client.set_terminated(run_id=self.run_id, status="FINISHED" if status == "finished" else "FAILED")


def draw(space, rng):
    def one(values):
        if type(values) is list:
            return values[int(rng.random() * len(values))]
        scale, low, high = values
        share = float(rng.random())
        return low + share * (high - low) if scale == "even" else low * (high / low) ** share

    return {name: one(values) for name, values in space.items()}


def sweep(folder, configs, train, start):
    for config in configs:
        place = folder / run_name(config)
        if (place / "run.jsonl").exists() and read_run(place)["status"] == "finished":
            continue
        set_aside(place)
        try:
            with start(place, config) as tracker:
                train(config, tracker)
        except KeyboardInterrupt:
            raise
        except Exception:
            continue
    return [read_run(folder / run_name(config)) for config in configs]
