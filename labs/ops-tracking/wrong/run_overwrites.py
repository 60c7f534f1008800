"""Begins anew in a folder that has a run already."""

# fails: run/run_new_folder
# hears: the first run's file was changed


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True, exist_ok=True)
        self.durable = durable
        self.file = open(folder / "run.jsonl", "w")
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        self.write({"event": "log", "step": int(step), "metrics": {name: float(value) for name, value in metrics.items()}})

    def finish(self, status):
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry):
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        if self.durable:
            os.fsync(self.file.fileno())
