"""Saves the generator's state after the order was drawn."""

# fails: state/has_the_place
# hears: draws the *next* order


def state_of(run: SimpleNamespace) -> dict:
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer", "scheduler", "scaler")}
    place = {name: getattr(run.batches, name) for name in ("epoch", "used", "began")}
    place["began"] = run.batches.generator.get_state()
    rng = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    return traveling(parts | {"batches": place, "rng": rng, "settings": run.settings, "step": run.step})
