"""Hands out the living tensors."""

# fails: state/stands_still
# hears: hands out the living tensors


def state_of(run: SimpleNamespace) -> dict:
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer", "scheduler", "scaler")}
    place = {name: getattr(run.batches, name) for name in ("epoch", "used", "began")}
    rng = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    return parts | {"batches": place, "rng": rng, "settings": run.settings, "step": run.step}
