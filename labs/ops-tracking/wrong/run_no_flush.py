"""Writes every line, and leaves it to Python when it reaches the file."""

# fails: run/run_start_first, run/run_at_once, run/run_durable
# hears: dies with the process


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
