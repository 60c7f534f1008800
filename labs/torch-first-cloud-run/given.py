"""References of the lab torch-first-cloud-run, and the scenes in which the checks put the learner's functions: played machines,
runs that are watched from inside, sessions on a clock that jumps. All of it runs where the learner's code is; its text is sent
there when a grader judges from outside. It needs only torch. `slip` names a mistake to make, for the messages.
"""

import copy
import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

# ---- what the lab gives ------------------------------------------------------------------------------------------------

torch.optim.SGD([torch.zeros(1)])  # the first optimizer makes PyTorch import a lot: once here, not in every process of a grader
CPU = {"device": "cpu", "dtype": "float32", "pieces": 1}


def network(settings):
    """The network of the lab."""
    d, m, p = settings["inputs"], settings["hidden"], settings["dropout"]
    hidden = [nn.Linear(d, m), nn.ReLU(), nn.Dropout(p), nn.Linear(m, m), nn.ReLU(), nn.Dropout(p)]
    return nn.Sequential(*hidden, nn.Linear(m, 10))


def shuffle(batches):
    """Begin an epoch."""
    batches.began = batches.generator.get_state()
    batches.order, batches.used = torch.randperm(batches.n, generator=batches.generator), 0


def next_rows(batches):
    """The rows of the next batch."""
    if batches.used >= batches.n:
        batches.epoch += 1
        shuffle(batches)
    rows = batches.order[batches.used : batches.used + batches.size]
    batches.used += len(rows)
    return rows


def rate_at(step, settings):
    """The share of the learning rate in a step."""
    warm = min(1.0, (step + 1) / settings["warmup"])
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / settings["steps"])))


def begin(settings, machine, data):
    """A fresh run."""
    torch.manual_seed(settings["seed"])
    model = network(settings).to(machine["device"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["lr"])
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, settings))
    scaler = torch.amp.GradScaler("cpu", enabled=machine["dtype"] == "float16", init_scale=1024.0, growth_interval=5)
    batches = SimpleNamespace(n=len(data["X"]), size=settings["batch"], epoch=0)
    batches.generator = torch.Generator().manual_seed(settings["seed"])
    shuffle(batches)
    run = SimpleNamespace(settings=settings, machine=machine, model=model, optimizer=optimizer, scheduler=scheduler)
    run.scaler, run.batches, run.step, run.data = scaler, batches, 0, data
    return run


def traveling(value):
    """A copy with all tensors on the CPU."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {name: traveling(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(traveling(each) for each in value)
    return value


# ---- references of the answers -----------------------------------------------------------------------------------------


def fit_machine(facts, batch, example_bytes):
    """Device, number type and pieces."""
    device, dtype = "cpu", "float32"
    if facts["capability"] is not None and facts["capability"] >= (7, 5):
        device, dtype = "cuda", "bfloat16" if facts["capability"] >= (8, 0) else "float16"
    elif facts["mps"]:
        device = "mps"
    fitting = int(facts["memory"][device] / 2 // example_bytes)
    if fitting < 1:
        raise ValueError("does not fit")
    return {"device": device, "dtype": dtype, "pieces": math.ceil(batch / fitting)}


def train_step(run, slip=""):
    """One step, in pieces."""
    dtype, clip = getattr(torch, run.machine["dtype"]), run.settings["clip"]
    rows, total = next_rows(run.batches), 0.0
    if slip != "eval":
        run.model.train()
    if slip != "never":
        run.optimizer.zero_grad()
    pieces = [piece for piece in rows.tensor_split(run.machine["pieces"]) if len(piece)]
    for piece in pieces:
        if slip == "last piece":
            run.optimizer.zero_grad()
        with torch.autocast(run.machine["device"], dtype=dtype, enabled=dtype != torch.float32 and slip != "no autocast"):
            losses = F.cross_entropy(run.model(run.data["X"][piece]), run.data["y"][piece], reduction="none")
        means = losses.mean()
        parts = {"means": means / run.machine["pieces"], "means of parts": means / len(pieces), "sum of means": means, "sum": losses.sum()}
        loss = parts.get(slip, losses.sum() / len(rows))
        run.scaler.scale(loss).backward()
        total += loss.item()
    if slip == "clips scaled":
        nn.utils.clip_grad_norm_(run.model.parameters(), clip)
    run.scaler.unscale_(run.optimizer)
    if slip not in ("clips scaled", "no clipping"):
        nn.utils.clip_grad_norm_(run.model.parameters(), clip)
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return total


def state_of(run):
    """The state of a run."""
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer", "scheduler", "scaler")}
    place = {name: getattr(run.batches, name) for name in ("epoch", "used", "began")}
    rng = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    return traveling(parts | {"batches": place, "rng": rng, "settings": run.settings, "step": run.step})


def restore(run, state):
    """Put a state into a run."""
    state = copy.deepcopy(state)
    for name in ("model", "optimizer", "scheduler"):
        getattr(run, name).load_state_dict(state[name])
    if state["scaler"]:
        run.scaler.load_state_dict(state["scaler"])
    run.batches.generator.set_state(state["batches"]["began"])
    shuffle(run.batches)
    run.batches.used, run.batches.epoch = state["batches"]["used"], state["batches"]["epoch"]
    torch.set_rng_state(state["rng"]["cpu"])
    if len(state["rng"]["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["rng"]["cuda"])
    run.step = state["step"]


# ---- scenes ------------------------------------------------------------------------------------------------------------


def small(seed, rows=50, **changes):
    """Settings and data of a small run; 50 rows in batches of 16 make an epoch of four steps, the last with two rows."""
    generator = torch.Generator().manual_seed(seed)
    data = {"X": torch.randn(rows, 6, generator=generator), "y": torch.randint(10, (rows,), generator=generator)}
    settings = {"seed": seed, "inputs": 6, "hidden": 8, "dropout": 0.3, "batch": 16, "lr": 0.01, "warmup": 5, "clip": 0.5, "steps": 40}
    return settings | changes, data


def weights(run):
    """All weights as one row of numbers."""
    return torch.cat([each.detach().flatten().clone() for each in run.model.parameters()])


def went_on(run, count, step=train_step):
    """The losses of the next steps."""
    return [step(run) for _ in range(count)]


def stepped(train_step, seed, machine, changes, count, slip=None):
    """Losses, weights and what else can be seen after some steps of a fresh run. slip: the reference with this mistake."""
    settings, data = small(seed, **changes)
    run = begin(settings, CPU | machine, data)
    went_on(run, 3)  # the fourth batch is the short one
    run.model.eval()
    step = train_step if slip is None else lambda run: globals()["train_step"](run, slip)
    losses = [step(run) for _ in range(count)]
    return {
        "losses": [float(each) if isinstance(each, int | float | torch.Tensor) else math.nan for each in losses],
        "kinds": [type(each).__name__ for each in losses],
        "weights": weights(run),
        "step": run.step,
        "rate": run.scheduler.get_last_lr()[0],
        "scale": run.scaler.state_dict(),
        "used": (run.batches.epoch, run.batches.used),
    }


def watched_types(train_step, seed, dtype, pieces):
    """The number types of the scores and of the weights' gradients, the rows of each forward pass, whether it trained."""
    settings, data = small(seed)
    run = begin(settings, CPU | {"dtype": dtype, "pieces": pieces}, data)
    seen = {"scores": [], "rows": [], "training": []}

    def look(module, inputs, output):
        seen["scores"].append(str(output.dtype).removeprefix("torch."))
        seen["rows"].append(len(output))
        seen["training"].append(module.training)

    run.model.register_forward_hook(look)
    train_step(run)
    return seen | {"weights": sorted({str(each.dtype).removeprefix("torch.") for each in run.model.parameters()})}


def overflowed(train_step, seed):
    """Whether the weights stood still when a gradient was infinite, and the scale before and after."""
    settings, data = small(seed)
    run = begin(settings, CPU | {"dtype": "float16"}, data)
    went_on(run, 2)
    run.scaler.load_state_dict(run.scaler.state_dict() | {"scale": 2.0**40})
    before = weights(run)
    train_step(run)
    return {"still": bool(torch.equal(before, weights(run))), "scale": run.scaler.get_scale() / 2.0**40}


def told(value):
    """A nested state in plain words and numbers: tensors as lists."""
    if isinstance(value, torch.Tensor):
        return {"tensor": value.double().flatten().tolist(), "shape": list(value.shape)}
    if isinstance(value, dict):
        return {str(name): told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else type(value).__name__


def stored(state_of, seed, steps, dtype="float32"):
    """What state_of makes of a run after some steps, and what is right; then how the run went on."""
    settings, data = small(seed)
    run = begin(settings, CPU | {"dtype": dtype}, data)
    went_on(run, steps)
    right = state_of_reference(run)
    got = state_of(run)
    kind, first = type(got).__name__, told(got)
    losses = went_on(run, 5)
    return {"kind": kind, "got": first, "want": told(right), "later": told(got), "losses": losses}


state_of_reference = state_of


def undisturbed(seed, steps, more, dtype="float32", changes=()):
    """The losses of the steps after `steps`, and the weights at the end, of a run that nobody touched."""
    settings, data = small(seed, **dict(changes))
    run = begin(settings, CPU | {"dtype": dtype}, data)
    went_on(run, steps)
    losses = went_on(run, more)
    return {"losses": losses, "weights": weights(run)}


def with_gpus(count, action):
    """What action() sets of the generators of `count` played GPUs: (number, first byte) for each."""
    done = []
    played = {
        "device_count": lambda: count,
        "is_available": lambda: count > 0,
        "set_rng_state_all": lambda states: done.extend((number, int(each[0])) for number, each in enumerate(states)),
        "set_rng_state": lambda each, device="cuda": done.append((device if isinstance(device, int) else 0, int(each[0]))),
    }
    real = {name: getattr(torch.cuda, name) for name in played}
    try:
        for name, function in played.items():
            setattr(torch.cuda, name, function)
        action()
    finally:
        for name, function in real.items():
            setattr(torch.cuda, name, function)
    return done


def resumed(restore, seed, steps, more, dtype="float32", to=None, twice=False, cuda=0, changes=(), stray=0, here=0):
    """A state, put into a fresh run by `restore`: its next losses, its weights, step and place; "error" if that raised one.

    to: the number type of the second machine. twice: a second run from the same state after the first went on. cuda: so many
    generators of GPUs are in the state, and `here` on the second machine. stray: steps that the second run had made before.
    """
    settings, data = small(seed, **dict(changes))
    run = begin(settings, CPU | {"dtype": dtype}, data)
    went_on(run, steps)
    state = state_of(run)
    state["rng"]["cuda"] = [torch.full((16,), number + 1, dtype=torch.uint8) for number in range(cuda)]
    torch.manual_seed(seed + 1)
    before, said = told(state), {"error": ""}
    for _ in range(1 + twice):
        again = begin(settings, CPU | {"dtype": to or dtype}, data)
        went_on(again, stray)
        try:
            said["cuda"] = with_gpus(here, lambda again=again: restore(again, state))
        except NotImplementedError:
            raise
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        said |= {"step": again.step, "place": [again.batches.epoch, again.batches.used], "scale": again.scaler.state_dict()}
        said["rate"] = again.scheduler.get_last_lr()[0]
        said |= {"losses": went_on(again, more), "weights": weights(again)}
    return said | {"kept": told(state) == before}


def refused(restore, seed, changes):
    """What restore says about a state of other settings, and whether it left run and generator alone."""
    settings, data = small(seed)
    state = state_of(begin(settings | changes, CPU, data))
    run = begin(settings, CPU, data)
    went_on(run, 3)
    before = told(state_of(run))
    try:
        restore(run, state)
        said = ("", "")
    except NotImplementedError:
        raise
    except Exception as error:
        said = (type(error).__name__, str(error))
    return {"kind": said[0], "text": said[1], "alone": told(state_of(run)) == before}


def held_step(run):
    """Stands in the place of train_step: the scene has put a step into the run."""
    return run.make_step(run)


def at_sea(train, durations, saves, until, options, stop_at=None, start=0):
    """One session of `train` on a clock that jumps. Returns the diary: ("step" | "log" | "save", number, time) in order, the
    entries of the log, and what came back. durations: seconds of the steps, the last one for ever. saves: seconds of a save.
    """
    settings, data = small(1)
    run, now, diary, entries = begin(settings, CPU, data), [100.0], [], []
    run.step = start
    rate = [0.5 / (1 + start)]
    run.scheduler = SimpleNamespace(get_last_lr=lambda: [rate[0]])

    def step(run):
        now[0] += durations[min(run.step - start, len(durations) - 1)]
        run.step += 1
        rate[0] = 0.5 / (1 + run.step)
        diary.append(("step", run.step, now[0]))
        if len(diary) > 3000:
            raise RuntimeError("the loop does not end")
        return 1.0 / run.step

    def save():
        diary.append(("save", run.step, now[0]))
        now[0] += saves

    def log(entry):
        diary.append(("log", run.step, now[0]))
        entries.append(copy.deepcopy(entry))

    run.make_step = step
    extra = {"stop": (lambda: run.step >= stop_at)} if stop_at is not None else {}
    why = train(run, until, save, log, clock=lambda: now[0], **(options | extra))
    return {"diary": diary, "entries": told(entries), "why": why if isinstance(why, str) else type(why).__name__, "step": run.step}


def honest_train(run, until, save, log, every, deadline=math.inf, stop=lambda: False, clock=None):
    """The reference of train."""
    started = saved_at = clock()
    saved_step, longest, why = run.step, 0.0, "done"
    while run.step < until:
        now = clock()
        if stop():
            why = "stopped"
            break
        if now + longest > deadline:
            why = "deadline"
            break
        rate = run.scheduler.get_last_lr()[0]
        loss = held_step(run)
        longest = max(longest, clock() - now)
        log({"step": run.step, "loss": loss, "lr": rate, "seconds": clock() - started})
        if clock() - saved_at >= every:
            save()
            saved_at, saved_step = clock(), run.step
    if run.step > saved_step:
        save()
    return why


def plan(work, save, every, offer):
    """The reference of plan."""
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + sessions * (offer["start"] + save)
    return {
        "sessions": sessions,
        "seconds": seconds,
        "weeks": max(1, math.ceil(seconds / offer["week"])),
        "price": seconds / 3600 * offer["price"],
    }
