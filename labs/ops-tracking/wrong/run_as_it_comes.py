"""Hands the metrics to json as they are."""

# fails: run/run_numbers
# hears: JSON does not know NumPy's types


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True)
        self.durable = durable
        self.file = open(folder / "run.jsonl", "x")
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        self.write({"event": "log", "step": step, "metrics": metrics})

    def finish(self, status):
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry):
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        if self.durable:
            os.fsync(self.file.fileno())
