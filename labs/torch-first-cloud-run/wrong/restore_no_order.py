"""Sets how much of the epoch is used, but does not draw its order."""

# fails: restore/puts_place_back, restore/same_bits
# hears: draw this epoch's order again


def restore(run: SimpleNamespace, state: dict) -> None:
    theirs, ours = state["settings"], run.settings
    other = [name for name in sorted(theirs | ours) if theirs.get(name) != ours.get(name)]
    if other:
        differ = ", ".join(f"{name} was {theirs.get(name)} and is now {ours.get(name)}" for name in other)
        raise ValueError(f"This state belongs to another run: {differ}.")
    state = copy.deepcopy(state)
    for name in ("model", "optimizer", "scheduler"):
        getattr(run, name).load_state_dict(state[name])
    if state["scaler"]:
        run.scaler.load_state_dict(state["scaler"])
    run.batches.used, run.batches.epoch = state["batches"]["used"], state["batches"]["epoch"]
    torch.set_rng_state(state["rng"]["cpu"])
    if len(state["rng"]["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["rng"]["cuda"])
    run.step = state["step"]
