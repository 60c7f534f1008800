"""Syncs before it flushes: the last line stays behind."""

# fails: run/run_durable
# hears: the other way round the last line stays behind


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True)
        self.durable = durable
        self.file = open(folder / "run.jsonl", "x")
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        self.write({"event": "log", "step": int(step), "metrics": {name: float(value) for name, value in metrics.items()}})

    def finish(self, status):
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry):
        self.file.write(json.dumps(entry) + "\n")
        if self.durable:
            os.fsync(self.file.fileno())
        self.file.flush()
