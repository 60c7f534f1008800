"""What most tutorials save: model, optimizer, step."""

# fails: state/entries, state/has_the_generators, state/has_the_parts
# fails: state/has_the_place, state/has_the_scaler
# hears: the names in the second column


def state_of(run: SimpleNamespace) -> dict:
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer")}
    return traveling(parts | {"step": run.step})
