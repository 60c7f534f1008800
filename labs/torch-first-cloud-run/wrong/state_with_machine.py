"""Stores the machine as well."""

# fails: state/entries
# hears: the machine is not one of them


def state_of(run: SimpleNamespace) -> dict:
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer", "scheduler", "scaler")}
    place = {name: getattr(run.batches, name) for name in ("epoch", "used", "began")}
    rng = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    return traveling(parts | {"batches": place, "rng": rng, "settings": run.settings, "step": run.step, "machine": run.machine})
