"""Tables and expressions: rules as a list, torch.chunk, unreduced losses, the state through a file in memory, a for loop with else."""


def fit_machine(facts, batch, example_bytes):
    capability = facts["capability"] or (0, 0)
    rules = [(capability >= (8, 0), "cuda", "bfloat16"), (capability >= (7, 5), "cuda", "float16"), (facts["mps"], "mps", "float32")]
    device, dtype = next(((device, dtype) for holds, device, dtype in rules if holds), ("cpu", "float32"))
    room = math.floor(facts["memory"][device] / (2 * example_bytes))
    if not room:
        raise ValueError("one example is too large")
    return dict(device=device, dtype=dtype, pieces=-(-batch // room))


def train_step(run):
    rows = next_rows(run.batches)
    dtype = run.machine["dtype"]
    half = torch.autocast(run.machine["device"], None if dtype == "float32" else getattr(torch, dtype), enabled=dtype != "float32")
    run.optimizer.zero_grad(set_to_none=True)
    run.model.train(True)
    losses = []
    for piece in torch.chunk(rows, run.machine["pieces"]):
        with half:
            each = F.cross_entropy(run.model(run.data["X"][piece]), run.data["y"][piece], reduction="none")
        loss = each.sum() * (1 / rows.numel())
        run.scaler.scale(loss).backward()
        losses.append(loss.detach())
    run.scaler.unscale_(run.optimizer)
    nn.utils.clip_grad_norm_(list(run.model.parameters()), run.settings["clip"])
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return float(torch.stack(losses).sum())


def state_of(run):
    file = io.BytesIO()
    state = dict(model=run.model.state_dict(), optimizer=run.optimizer.state_dict(), scheduler=run.scheduler.state_dict())
    state |= dict(scaler=run.scaler.state_dict(), settings=run.settings, step=run.step)
    state["batches"] = {name: vars(run.batches)[name] for name in ["began", "epoch", "used"]}
    state["rng"] = dict(cpu=torch.random.get_rng_state(), cuda=torch.cuda.get_rng_state_all())
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, map_location="cpu", weights_only=True)


def restore(run, state):
    pairs = {name: (state["settings"].get(name), run.settings.get(name)) for name in {*state["settings"], *run.settings}}
    if wrong := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}:
        raise ValueError(f"other settings (saved, now): {wrong}")
    copied = traveling(state)
    run.batches.generator.set_state(copied["batches"].pop("began"))
    shuffle(run.batches)
    vars(run.batches).update(copied["batches"])
    for name in ("model", "optimizer", "scheduler", "scaler"):
        if copied[name]:
            getattr(run, name).load_state_dict(copied[name])
    run.step = copied["step"]
    torch.random.set_rng_state(copied["rng"]["cpu"])
    if torch.cuda.device_count() == len(copied["rng"]["cuda"]):
        torch.cuda.set_rng_state_all(copied["rng"]["cuda"])


def train(run, until, save, log, every, deadline=math.inf, stop=lambda: False, clock=time.monotonic):
    started = clock()
    times, saved = [0.0], (started, run.step)
    for step in range(run.step + 1, until + 1):
        now = clock()
        why = "stopped" if stop() else "deadline" if deadline < now + max(times) else None
        if why:
            break
        (lr,) = run.scheduler.get_last_lr()
        loss = train_step(run)
        times.append(clock() - now)
        log(dict(step=step, loss=loss, lr=lr, seconds=clock() - started))
        if clock() - saved[0] >= every:
            save()
            saved = clock(), step
    else:
        why = "done"
    if saved[1] != run.step:
        save()
    return why


def plan(work, save, every, offer):
    room = offer["session"] - (offer["start"] + save)
    if not room > 0:
        return None
    share = (every + save) / every
    n = math.ceil(work * share / room) or 1
    seconds = work * share + n * (offer["start"] + save)
    return {"sessions": n, "seconds": seconds, "weeks": math.ceil(seconds / offer["week"]) or 1, "price": offer["price"] / 3600 * seconds}
