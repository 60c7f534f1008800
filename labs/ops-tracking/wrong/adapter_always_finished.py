"""Ends every run without a status."""

# fails: adapter/adapter_status, adapter/adapter_apart
# hears: MLflow takes every run for finished


class MLflowTracker(Tracker):
    def __init__(self, client, experiment_id, config):
        self.client = client
        self.run_id = client.create_run(experiment_id).info.run_id
        for name, value in config.items():
            client.log_param(self.run_id, name, json.dumps(value))

    def log(self, step, metrics):
        for name, value in metrics.items():
            self.client.log_metric(self.run_id, name, value, step=step)

    def finish(self, status):
        self.client.set_terminated(self.run_id)
