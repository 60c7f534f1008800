"""Forgets the number of the step."""

# fails: adapter/adapter_steps
# hears: without it every point lands on step 0


class MLflowTracker(Tracker):
    def __init__(self, client, experiment_id, config):
        self.client = client
        self.run_id = client.create_run(experiment_id).info.run_id
        for name, value in config.items():
            client.log_param(self.run_id, name, json.dumps(value))

    def log(self, step, metrics):
        for name, value in metrics.items():
            self.client.log_metric(self.run_id, name, value)

    def finish(self, status):
        self.client.set_terminated(self.run_id, status.upper())
