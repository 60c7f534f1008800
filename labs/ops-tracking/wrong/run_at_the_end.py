"""Collects everything and writes it when the run is over."""

# fails: run/run_start_first, run/run_at_once, run/run_durable, run/run_new_folder, run/run_ends
# hears: a run that dies in its first step has settings


class Run(Tracker):
    def __init__(self, folder, config, environment, durable=False):
        self.folder = folder
        self.lines = [{"event": "start", "config": config, "environment": environment}]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.jsonl").touch()

    def log(self, step, metrics):
        self.lines.append({"event": "log", "step": int(step), "metrics": {name: float(value) for name, value in metrics.items()}})

    def finish(self, status):
        self.lines.append({"event": "end", "status": status})
        (self.folder / "run.jsonl").write_text("".join(json.dumps(each) + "\n" for each in self.lines))
