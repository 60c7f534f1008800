"""Leaves out what is not finite."""

# fails: run/run_numbers
# hears: these are legal values


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True)
        self.durable = durable
        self.file = open(folder / "run.jsonl", "x")
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        finite = {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
        self.write({"event": "log", "step": int(step), "metrics": finite})

    def finish(self, status):
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry):
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        if self.durable:
            os.fsync(self.file.fileno())
