"""Plain statements: pieces found by trying, means weighted by their share, every part of the state by name, one exit per reason."""


def fit_machine(facts, batch, example_bytes):
    capability = facts["capability"]
    if capability and capability >= (8, 0):
        device, dtype = "cuda", "bfloat16"
    elif capability and capability >= (7, 5):
        device, dtype = "cuda", "float16"
    elif facts["mps"]:
        device, dtype = "mps", "float32"
    else:
        device, dtype = "cpu", "float32"
    for pieces in range(1, batch + 1):
        if math.ceil(batch / pieces) * example_bytes <= facts["memory"][device] / 2:
            return {"device": device, "dtype": dtype, "pieces": pieces}
    raise ValueError("not even one example fits")


def train_step(run):
    rows = next_rows(run.batches)
    n, k = len(rows), run.machine["pieces"]
    size = math.ceil(n / k)
    for parameter in run.model.parameters():
        parameter.grad = None
    run.model.train()
    mean = 0.0
    for first in range(0, n, size):
        piece = rows[first : first + size]
        kind = {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(run.machine["dtype"])
        with torch.autocast(run.machine["device"], dtype=kind, enabled=kind is not None):
            share = len(piece) / n
            loss = nn.CrossEntropyLoss()(run.model(run.data["X"][piece]), run.data["y"][piece]) * share
        run.scaler.scale(loss).backward()
        mean = mean + loss.detach().item()
    run.scaler.unscale_(run.optimizer)
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), max_norm=run.settings["clip"])
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step = run.step + 1
    return mean


def state_of(run):
    state = {"step": run.step, "settings": dict(run.settings)}
    state["model"] = traveling(run.model.state_dict())
    state["optimizer"] = traveling(run.optimizer.state_dict())
    state["scheduler"] = traveling(run.scheduler.state_dict())
    state["scaler"] = traveling(run.scaler.state_dict())
    state["batches"] = {"epoch": run.batches.epoch, "used": run.batches.used, "began": run.batches.began.clone()}
    gpus = [torch.cuda.get_rng_state(number) for number in range(torch.cuda.device_count())]
    state["rng"] = {"cpu": torch.get_rng_state(), "cuda": gpus}
    return state


def restore(run, state):
    if state["settings"] != run.settings:
        names = set(state["settings"]) | set(run.settings)
        wrong = {name for name in names if state["settings"].get(name, None) != run.settings.get(name, None)}
        raise ValueError("other settings: " + ", ".join(sorted(wrong)))
    run.step = state["step"]
    place = state["batches"]
    generator = torch.Generator()
    generator.set_state(place["began"])
    run.batches.generator = generator
    shuffle(run.batches)
    run.batches.epoch, run.batches.used = place["epoch"], place["used"]
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(traveling(state["optimizer"]))
    run.scheduler.load_state_dict(traveling(state["scheduler"]))
    if len(state["scaler"]) > 0 and run.scaler.is_enabled():
        run.scaler.load_state_dict(dict(state["scaler"]))
    saved = state["rng"]["cuda"]
    if torch.cuda.is_available() and len(saved) == torch.cuda.device_count():
        for number, each in enumerate(saved):
            torch.cuda.set_rng_state(each, number)
    torch.set_rng_state(state["rng"]["cpu"])


def train(run, until, save, log, every, deadline=math.inf, stop=lambda: False, clock=time.monotonic):
    began = clock()
    last_save, slowest, unsaved = began, 0.0, False

    def leave(why):
        if unsaved:
            save()
        return why

    while True:
        if run.step >= until:
            return leave("done")
        if stop():
            return leave("stopped")
        before = clock()
        if before + slowest > deadline:
            return leave("deadline")
        entry = {"lr": run.scheduler.get_last_lr()[0]}
        entry["loss"] = train_step(run)
        after = clock()
        slowest = after - before if after - before > slowest else slowest
        entry["step"], entry["seconds"] = run.step, after - began
        log(entry)
        unsaved = True
        if clock() >= last_save + every:
            save()
            unsaved, last_save = False, clock()


def plan(work, save, every, offer):
    start, longest = offer["start"], offer["session"]
    if longest <= start + save:
        return None
    saves = work / every
    busy = work + saves * save
    sessions = 1
    if busy > longest - start - save:
        sessions = math.ceil(busy / (longest - start - save))
    total = busy + sessions * start + sessions * save
    weeks = 1 if total <= offer["week"] else math.ceil(total / offer["week"])
    return dict(sessions=sessions, seconds=total, weeks=weeks, price=offer["price"] * total / 3600)
