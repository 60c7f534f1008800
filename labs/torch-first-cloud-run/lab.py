# %% [markdown]
# # One training script for every machine
#
# You write a training in a notebook on your laptop. Next week it should run on Colab's T4, and when that session is
# over, on Kaggle. Every time something must be changed: the device, the batch that no longer fits, the folder, the
# number of steps that can be done before the session ends. And whenever something is changed, it is another run. In
# this lab you write *one* script that is never changed. It fits itself to the machine, logs, saves, leaves in time, and
# says beforehand what it will cost. **Interrupted, killed, and continued elsewhere: does it draw the same loss curve,
# and is its bill the one that it foretold?**

# %% [markdown]
# ## You will learn
#
# - to separate what defines a run from what only says how a machine computes it;
# - to cut a batch into pieces without changing what is learned, also in half precision;
# - to save and restore everything that PyTorch's next step depends on, also on a machine without the GPU that the last
#   one had;
# - to end a session in good order: on time, on request, and with a log that answers questions afterwards;
# - to count the operations of a training, to predict its time from three short measurements, and to translate that
#   into sessions, weeks and money;
# - to choose how often to save, and to see how little the exact choice matters.
#
# ## You need
#
# The labs *setup-environment* (writing beside and swapping, what a checkpoint must hold, `kill -9`) and
# *torch-regression* (modules, optimizers, the training loop). This lab begins where the first of them ends. Of its
# results we take over, in short form, the folder that survives and the writing of files. The guide *Free compute* has the table of offers.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import copy
import gzip
import inspect
import io
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
import torch.utils.flop_counter
from sklearn.datasets import load_digits
from torch import Tensor, nn

import scratchlab
from scratchlab import plot

lab = scratchlab.start("torch-first-cloud-run", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: the batch does not fit
#
# Here is the run of this lab: a network with two hidden layers and dropout learns to read digits, scikit-learn's on a
# CPU, MNIST's on a GPU. *Dropout* sets each hidden value to zero with a certain probability while training; for this
# lab it matters only that it draws random numbers in every step.


# %%
def digits() -> dict[str, Tensor]:
    """Pictures as rows of numbers from 0 to 1, float32, and labels, int64: "X", "y" to train, "X_new", "y_new" to test."""
    if lab.profile == "cpu":
        pixels, labels = load_digits(return_X_y=True)
        X, y, n = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels), 1198
    else:
        folder, parts = lab.data("mnist"), []
        for name, skip in (("images-idx3", 16), ("labels-idx1", 8)):
            files = [gzip.decompress((folder / f"{part}-{name}-ubyte.gz").read_bytes())[skip:] for part in ("train", "t10k")]
            parts.append(torch.tensor(np.frombuffer(b"".join(files), np.uint8)))
        X, y, n = parts[0].reshape(-1, 784) / 255, parts[1].long(), 60_000
    return {"X": X[:n], "y": y[:n], "X_new": X[n:], "y_new": y[n:]}


def network(settings: dict) -> nn.Module:
    """A network from settings["inputs"] numbers to 10 scores: two hidden layers with ReLU and dropout."""
    d, m, p = settings["inputs"], settings["hidden"], settings["dropout"]
    hidden = [nn.Linear(d, m), nn.ReLU(), nn.Dropout(p), nn.Linear(m, m), nn.ReLU(), nn.Dropout(p)]
    return nn.Sequential(*hidden, nn.Linear(m, 10))


# %%
data = digits()
settings = {"seed": lab.seed, "inputs": data["X"].shape[1], "dropout": 0.2, "warmup": 20, "clip": 1.0}
settings |= {name: lab.params[name] for name in ("hidden", "batch", "lr", "steps")}
print({name: tuple(each.shape) for name, each in data.items()})
print(json.dumps(settings))

# %% [markdown]
# What do people do when the batch does not fit into a smaller machine's memory? They halve it until it does. See what
# becomes of the run.


# %%
def naive(batch: int) -> list[float]:
    """The loss on all training digits every 20 steps, in a loop as in torch-regression, with this batch size."""
    torch.manual_seed(settings["seed"])
    model = network(settings)
    optimizer, curve = torch.optim.AdamW(model.parameters(), lr=settings["lr"]), []
    for step in range(121):
        if step % 20 == 0:
            curve.append(F.cross_entropy(model.eval()(data["X"][:1000]), data["y"][:1000]).item())
        rows = torch.randperm(len(data["X"]))[:batch]
        optimizer.zero_grad()
        F.cross_entropy(model.train()(data["X"][rows]), data["y"][rows]).backward()
        optimizer.step()
    return curve


# %%
for batch in (settings["batch"], settings["batch"] // 8):
    print(f"batches of {batch:3d}:", "  ".join(f"{loss:.3f}" for loss in naive(batch)))

# %% [markdown]
# Same network, same seed, same number of steps, and two different trainings. A batch of an eighth sees an eighth of the
# data, with nearly three times the noise (the chapter of this week: noise falls with $\sqrt B$). Whoever compares the
# curve from the laptop with that from Colab compares two experiments.
#
# So draw a line. On one side stand the **settings**: everything that defines *what* is learned. Seed, sizes, dropout,
# batch, learning rate, the number of steps in the schedule. They are fixed when the run begins, and go into every
# checkpoint. On the other side stands the **machine**: *how* it is computed. Device, number type, pieces of a batch. It
# is decided anew in every session, and never stored. That is the whole secret of a script which runs everywhere; what
# follows is carrying it out.
#
# ## 1. Fit to the machine
#
# *setup-environment* asked `nvidia-smi`. Now PyTorch is here and can be asked itself. The rules:
#
# - **Device.** `"cuda"` if there is an NVIDIA GPU of compute capability 7.5 or more; else `"mps"`, the GPU of Apple's
#   processors, if there is one; else `"cpu"`.
# - **Number type** of the matrix products: on `"cuda"` `"bfloat16"` from capability 8.0 on, else `"float16"`; on all
#   other devices `"float32"`.
# - **Pieces.** Let a batch have $B$ examples, and let each take $e$ bytes of the device's memory while it is being
#   learned from. Half of the free memory $M$ may be used for this. The batch is cut into as few pieces as possible, such
#   that a piece fits:
#
# $$\left\lceil \frac{B}{k} \right\rceil e \le \frac{M}{2}, \qquad k \text{ as small as possible.}$$
#
# If not even one example fits, say so with a `ValueError`: no number of pieces will help.
#
# The function gets *facts* as an argument and looks at nothing else, so that you can play any machine to it.
#
# **Predict**: $B = 64$, and 10 examples fit into half of the memory. How many pieces? How large are they?
#
# **Write** `fit_machine`. Capabilities are tuples, and compare as version numbers should: `(10, 0) > (7, 5)`.


# %% solution="machine"
def fit_machine(facts: dict, batch: int, example_bytes: float) -> dict:
    """How a machine computes the run: {"device": ..., "dtype": ..., "pieces": ...}, by the rules above.

    facts: "capability", that of the NVIDIA GPU as a pair such as (7, 5), or None if there is no such GPU; "mps", whether
    there is an Apple GPU; "memory", free bytes by device, such as {"cpu": 8e9, "cuda": 15e9}; a device that is not there
    may be missing in it. batch: examples in a batch. example_bytes: memory for one of them.
    Raises ValueError if not even one example fits into half of the device's memory.
    """
    ### BEGIN SOLUTION
    device, dtype = "cpu", "float32"
    if facts["capability"] is not None and facts["capability"] >= (7, 5):
        device, dtype = "cuda", "bfloat16" if facts["capability"] >= (8, 0) else "float16"
    elif facts["mps"]:
        device = "mps"
    fitting = int(facts["memory"][device] / 2 // example_bytes)
    if fitting < 1:
        raise ValueError(f"One example takes {example_bytes:,.0f} bytes, more than half of what is free on {device}: use a smaller model.")
    return {"device": device, "dtype": dtype, "pieces": math.ceil(batch / fitting)}
    ### END SOLUTION


# %%
laptop = {"capability": None, "mps": False, "memory": {"cpu": 8e9}}
assert fit_machine(laptop, 64, 1e6) == {"device": "cpu", "dtype": "float32", "pieces": 1}
assert fit_machine(laptop | {"memory": {"cpu": 20e6}}, 64, 1e6)["pieces"] == 7  # 10 fit: six pieces would need 11
t4 = {"capability": (7, 5), "mps": False, "memory": {"cpu": 12e9, "cuda": 15e9}}
assert fit_machine(t4, 64, 1e6) == {"device": "cuda", "dtype": "float16", "pieces": 1}

# %% check="machine" points=1
check("machine")

# %% [markdown]
# **See it.** Three made-up machines and this one. What an example needs is a rough estimate, a few float32 numbers for
# every unit and its slope; for larger models you would measure it.


# %%
def facts() -> dict:
    """What PyTorch says about this machine, in the form that fit_machine takes. Of the main memory we allow ourselves 4 GB."""
    found = {"capability": None, "mps": torch.backends.mps.is_available(), "memory": {"cpu": 4e9}}
    if found["mps"]:
        found["memory"]["mps"] = float(torch.mps.recommended_max_memory())
    if torch.cuda.is_available():
        found["capability"], found["memory"]["cuda"] = torch.cuda.get_device_capability(), float(torch.cuda.mem_get_info()[0])
    return found


def example_bytes(settings: dict) -> int:
    """Roughly the bytes that one example takes while it is being learned from."""
    return 4 * (settings["inputs"] + 2 * 6 * settings["hidden"])


# %%
tiny = {"capability": None, "mps": False, "memory": {"cpu": 48 * example_bytes(settings)}}
a100 = {"capability": (8, 0), "mps": False, "memory": {"cpu": 80e9, "cuda": 39e9}}
here = facts() if lab.profile != "cpu" else laptop
for name, known in (("a T4", t4), ("an A100", a100), ("a tiny computer", tiny), ("here", here)):
    print(f"{name:16s}", fit_machine(known, settings["batch"], example_bytes(settings)))
machine = fit_machine(here, settings["batch"], example_bytes(settings))

# %% [markdown]
# In the `cpu` profile the last line is played, too: it is a laptop whatever you sit at, so that everybody sees the same
# numbers. How many processes load data would also belong to the machine. Here all digits fit into memory, and there is
# nothing to load; *torch-datasets* has the arithmetic.
#
# ## 2. The same step in pieces
#
# A batch of $B$ examples is cut into $k$ pieces with $B_1, \dots, B_k$ examples. The loss is a mean over the batch, so
# its gradient is a sum over the pieces,
#
# $$\nabla L = \frac1B \sum_{i=1}^{B} \nabla \ell_i
# = \sum_{j=1}^{k}\; \nabla \Bigl( \frac1B \sum_{i \in \text{piece } j} \ell_i \Bigr),$$
#
# and `backward()` adds to `.grad` anyway. This is *gradient accumulation*: clear once, go backward after each piece,
# step once. The trap is in the formula: every piece is divided by $B$, the size of the **batch**. The mean over a piece,
# divided by $k$, is the same only if all pieces are equally large.
#
# Half precision comes in with two tools of PyTorch.
#
# - **Autocast.** `with torch.autocast(device, dtype=torch.float16):` lets the matrix products inside run in 16 bits,
#   and keeps what needs more digits, such as the loss, in 32. Weights stay `float32`. It belongs around the forward pass
#   and the loss, not around `backward()`.
# - **A scaler.** In `float16` small gradients become zero. So the loss is multiplied by a large number, the *scale*,
#   before `backward()`, and the gradients are divided by it before the step. `scaler.scale(loss)` multiplies;
#   `scaler.unscale_(optimizer)` divides; `scaler.step(optimizer)` takes the step, unless a gradient is infinite or NaN;
#   `scaler.update()` then halves the scale, or doubles it after long quiet. A scaler made with `enabled=False` lets
#   everything pass, so the same lines serve for all machines.
#
# Between `unscale_` and `step` is the place for *clipping*: if the gradient, all parts together, is longer than
# `settings["clip"]`, it is shortened to that. Before `unscale_` you would clip a gradient that is 65,536 times too long.
#
# Here are the parts of a run. Read `begin` with the line in mind: what comes from `settings`, what from `machine`? Read
# also how the batches are drawn: `next_rows` gives the next row numbers, `shuffle` starts an epoch, and `began` keeps
# the generator's state *from before* the order was drawn. You will need that later.


# %%
def shuffle(batches: SimpleNamespace) -> None:
    """Begin an epoch: a new order of the rows, of which none is used yet."""
    batches.began = batches.generator.get_state()
    batches.order, batches.used = torch.randperm(batches.n, generator=batches.generator), 0


def next_rows(batches: SimpleNamespace) -> Tensor:
    """The row numbers of the next batch, int64; the last batch of an epoch may be short."""
    if batches.used >= batches.n:
        batches.epoch += 1
        shuffle(batches)
    rows = batches.order[batches.used : batches.used + batches.size]
    batches.used += len(rows)
    return rows


def rate_at(step: int, settings: dict) -> float:
    """The share of the learning rate in a step: it warms up, then falls along a cosine until settings["steps"]."""
    warm = min(1.0, (step + 1) / settings["warmup"])
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / settings["steps"])))


# %%
def begin(settings: dict, machine: dict, data: dict[str, Tensor]) -> SimpleNamespace:
    """A fresh run on this machine: nothing trained yet."""
    torch.manual_seed(settings["seed"])  # PyTorch's own generators: first weights, then dropout
    model = network(settings).to(machine["device"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["lr"])
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, settings))
    kind = "cuda" if machine["device"] == "cuda" else "cpu"
    scaler = torch.amp.GradScaler(kind, enabled=machine["dtype"] == "float16")
    batches = SimpleNamespace(n=len(data["X"]), size=settings["batch"], epoch=0)
    batches.generator = torch.Generator().manual_seed(settings["seed"])  # one of its own: dropout cannot disturb it
    shuffle(batches)
    run = SimpleNamespace(settings=settings, machine=machine, model=model, optimizer=optimizer, scheduler=scheduler)
    run.scaler, run.batches, run.step = scaler, batches, 0
    run.data = {name: each.to(machine["device"]) for name, each in data.items()}
    return run


# %% [markdown]
# **Predict**: 64 examples in 7 pieces: six of them have 9 examples, one has 10. Somebody divides the mean of each piece
# by 7. Which examples count more?
#
# **Write** `train_step`. `rows.tensor_split(k)` cuts a tensor into `k` pieces whose sizes differ by one at most;
# `reduction="sum"` makes `F.cross_entropy` add. A step of the scheduler follows the step of the optimizer.


# %% solution="step"
def train_step(run: SimpleNamespace) -> float:
    """One step on the next batch, in run.machine["pieces"] pieces; changes the run in place, and run.step grows by one.

    The gradient is that of the mean cross-entropy over the whole batch, however it is cut, clipped to the length
    settings["clip"]. Model in training mode. Matrix products in run.machine["dtype"] by autocast, none if that is
    "float32". Optimizer, scaler and scheduler each take one step. Returns the loss, the mean over the batch, as a float.
    """
    ### BEGIN SOLUTION
    device, dtype = run.machine["device"], getattr(torch, run.machine["dtype"])
    rows, total = next_rows(run.batches), 0.0
    run.model.train()
    run.optimizer.zero_grad()
    for piece in rows.tensor_split(run.machine["pieces"]):
        if len(piece) == 0:  # a short batch may have fewer rows than pieces
            continue
        with torch.autocast(device, dtype=dtype, enabled=dtype != torch.float32):
            scores = run.model(run.data["X"][piece])
            loss = F.cross_entropy(scores, run.data["y"][piece], reduction="sum") / len(rows)
        run.scaler.scale(loss).backward()
        total += loss.item()
    run.scaler.unscale_(run.optimizer)
    nn.utils.clip_grad_norm_(run.model.parameters(), run.settings["clip"])
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return total
    ### END SOLUTION


# %%
run = begin(settings, machine, data)
first = train_step(run)
assert isinstance(first, float) and abs(first - math.log(10)) < 0.3  # ten classes, and nothing learned yet
assert run.step == 1 and run.batches.used == settings["batch"]

# %% check="step" points=2
check("step")

# %% [markdown]
# **See it.** The same run on a laptop and on the tiny computer, which cuts each batch into pieces. First without
# dropout, then with.


# %%
def steps_of(run: SimpleNamespace, count: int) -> np.ndarray:
    """The losses of the next `count` steps, shape (count,)."""
    return np.array([train_step(run) for _ in range(count)])


def on_machine(known: dict, dropout: float, count: int = 100) -> np.ndarray:
    """The losses of a fresh run on a (played) machine in float32, shape (count,)."""
    how = fit_machine(known, settings["batch"], example_bytes(settings)) | {"device": machine["device"], "dtype": "float32"}
    return steps_of(begin(settings | {"dropout": dropout}, how, data), count)


# %%
gaps = {}
for dropout in (0.0, settings["dropout"]):
    whole, cut = on_machine(laptop, dropout), on_machine(tiny, dropout)
    gaps[dropout] = np.abs(whole - cut).max()
    print(f"dropout {dropout}: last losses {whole[-1]:.6f} and {cut[-1]:.6f}, largest difference in 100 steps {gaps[dropout]:.2g}")
record("pieces_difference", gaps[0.0])
claim("cut into pieces, a run without dropout has the same curve up to rounding", gaps[0.0] < 1e-3)
claim("with dropout, the pieces draw other masks, and the curves differ visibly", gaps[settings["dropout"]] > 1e-2)

# %% [markdown]
# Without dropout the difference is rounding: the same numbers, added in another order. With dropout every machine draws
# its own masks. This is the limit of "the same run everywhere": **between machines, the same experiment; on one
# machine, the same bits.** (The order of the data stays the same everywhere, since it is drawn on the CPU by a generator
# of its own.)

# %% [markdown]
# ## 3. Everything the next step reads
#
# *setup-environment* has the rule: save whatever the next step depends on and cannot be had again. In PyTorch most of
# it answers to `state_dict()`, a nested dictionary of tensors and numbers. Go through `begin` and `train_step`:
#
# | part | entry of the state | what it holds |
# | --- | --- | --- |
# | `run.model` | `"model"` | weights |
# | `run.optimizer` | `"optimizer"` | Adam's two running means and step count for each weight, the present rate |
# | `run.scheduler` | `"scheduler"` | how far the learning rate is on its way |
# | `run.scaler` | `"scaler"` | the scale, and how long it has been quiet; empty if it is off |
# | `run.batches` | `"batches"` | `{"epoch", "used", "began"}`, three of its attributes |
# | PyTorch's own generators | `"rng"` | `{"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}` |
# | `run.settings`, `run.step` | `"settings"`, `"step"` | as they are |
#
# The order of an epoch is not there. It would be the largest entry that is not a weight, and it need not be saved: from
# `began`, the generator draws it again. And the machine is not there: the next one will be another.
#
# Two properties make a state fit for travel. It is **copied**: `state_dict()` hands out the living tensors, and after
# the next step "the state of step 100" would be that of step 101. And it is **on the CPU**, so that a laptop can read
# what a GPU wrote. `traveling` does both, however nested the value is.


# %%
def traveling(value: object) -> object:
    """A copy of `value`, dictionaries, lists and tuples included, in which every tensor is a copy on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {name: traveling(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(traveling(each) for each in value)
    return value


# %% [markdown]
# **Predict**: which is larger, the model's state or the optimizer's?
#
# **Write** `state_of`.


# %% solution="state"
def state_of(run: SimpleNamespace) -> dict:
    """The state of a run, with the eight entries of the table: copies, all tensors on the CPU. The run does not change."""
    ### BEGIN SOLUTION
    parts = {name: getattr(run, name).state_dict() for name in ("model", "optimizer", "scheduler", "scaler")}
    place = {name: getattr(run.batches, name) for name in ("epoch", "used", "began")}
    rng = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    return traveling(parts | {"batches": place, "rng": rng, "settings": run.settings, "step": run.step})
    ### END SOLUTION


# %%
state = state_of(run)
assert state["step"] == 1 and state["batches"]["used"] == settings["batch"]
train_step(run)
assert state["step"] == 1 and not torch.equal(state["model"]["0.weight"], run.model[0].weight.cpu())  # the run went on

# %% check="state" points=1
check("state")

# %% [markdown]
# **See it.** What does it weigh?


# %%
def size_of(value: object) -> int:
    """Bytes of all tensors in a nested value."""
    if isinstance(value, Tensor):
        return value.numel() * value.element_size()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sum(size_of(each) for each in inner)


# %%
for name, part in state.items():
    print(f"{name:10s} {size_of(part):10,} bytes in tensors")
print(f"the order of an epoch would take {run.batches.order.numel() * 8:,} more")

# %% [markdown]
# Adam's memory is twice the model: two means for each weight. Everything else is small, and, as you will see, not less
# important.
#
# ## 4. Put it back, also elsewhere
#
# Restoring looks like the same list read backward, and on one machine it nearly is. Four things are easily missed:
#
# - **Settings first.** If `state["settings"]` are not the run's, raise a `ValueError` that names what differs, *before*
#   anything is changed. The machine may differ as it likes.
# - **The state stays yours.** `optimizer.load_state_dict(x)` does not copy: where number type and device agree, the
#   optimizer works on in the tensors of `x`, and changes them. Hand over a copy.
# - **A scaler's state may be empty**, if the last session computed in `float32` or `bfloat16`. A scaler that is on
#   refuses an empty state with a `RuntimeError`. It then keeps the scale that it began with.
# - **Generators that are not there.** A laptop has none for `"cuda"`; another machine may have two. Set PyTorch's CUDA
#   generators only if there are as many as were saved. The CPU's is always there.
#
# And the batches: set the generator to `began`, draw the epoch's order again with `shuffle`, then set how much of it is
# used, and the epoch.
#
# **Predict**: in a mistaken version, PyTorch's generators are set first and the rest after. When would that hurt?
#
# **Write** `restore`. `torch.set_rng_state(...)` and `torch.cuda.set_rng_state_all(...)` set what `get_...` got;
# `torch.cuda.device_count()` says how many GPUs there are.


# %% solution="restore"
def restore(run: SimpleNamespace, state: dict) -> None:
    """Put a state into a run, so that its next steps are those that would have followed; on this machine or another.

    The state is not changed, neither now nor when the run goes on. Raises ValueError, with the run as it was, if the
    settings of the two differ; the message names each setting that does.
    """
    ### BEGIN SOLUTION
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
    run.batches.generator.set_state(state["batches"]["began"])
    shuffle(run.batches)
    run.batches.used, run.batches.epoch = state["batches"]["used"], state["batches"]["epoch"]
    torch.set_rng_state(state["rng"]["cpu"])
    if len(state["rng"]["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["rng"]["cuda"])
    run.step = state["step"]
    ### END SOLUTION


# %%
state = state_of(run)
expected = steps_of(run, 10)
twin = begin(settings, machine, data)
restore(twin, state)
assert np.allclose(steps_of(twin, 10), expected, rtol=0, atol=lab.params["tolerance"])
restore(twin, state)  # the state can be used again
assert np.allclose(steps_of(twin, 10), expected, rtol=0, atol=lab.params["tolerance"])

# %% check="restore" points=2
check("restore")

# %% [markdown]
# **See it.** For ten seeds: train a run to the end; interrupt it at a random step; restore it without one of its parts,
# and go on. *setup-environment* did this with NumPy and momentum. With PyTorch, Adam and a schedule there is more to
# forget.
#
# **Predict**: what hurts most, forgetting the optimizer, the scheduler, the place in the data, or the generators?


# %%
def forgetting(parts: tuple[str, ...], state: dict, run: SimpleNamespace) -> dict:
    """The state, in which the named parts are those of the fresh `run`: what one has who did not save them."""
    fresh = state_of(run)
    return state | {name: fresh[name] for name in parts}


FORGOTTEN = {"nothing": (), "scheduler": ("scheduler",), "optimizer": ("optimizer",), "batches": ("batches",), "rng": ("rng",)}


def interrupted(seed: int) -> dict[str, np.ndarray]:
    """For one seed and each entry of FORGOTTEN: by how much the losses after a resume differ, one number a step."""
    own = settings | {"seed": seed}
    cut, end = int(np.random.default_rng(seed).integers(20, 50)), 80
    run = begin(own, machine, data)
    steps_of(run, cut)
    state = state_of(run)
    undisturbed, differences = steps_of(run, end - cut), {}
    for name, parts in FORGOTTEN.items():
        again = begin(own, machine, data)
        restore(again, forgetting(parts, state, again))
        differences[name] = np.abs(steps_of(again, end - cut) - undisturbed)
    return differences


# %%
def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
differences = [interrupted(seed) for seed in lab.seeds(lab.params["seeds"])]
far = {name: np.array([each[name].mean() for each in differences]) for name in FORGOTTEN}
for name, values in far.items():
    low, high = bootstrap_interval(values)
    print(f"forgot {name:10s} the losses differ by {values.mean():.4f} on average ({low:.4f} to {high:.4f})")
plot.bars(
    {name: values.mean() for name, values in far.items()},
    errors={name: bootstrap_interval(values) for name, values in far.items()},
    x="what was forgotten at the interruption",
    y="difference of the losses",
    caption="How far the loss curve after a resume is from the undisturbed one: mean over ten seeds, with 95 % intervals.",
    alt="Five bars: none at all for nothing forgotten, and four clearly above zero for scheduler, optimizer, batches and generators.",
    width=5.6,
)

# %%
record("resume_difference", max(each["nothing"].max() for each in differences))
for name in ("scheduler", "optimizer", "batches", "rng"):
    record(f"distance_{name}", far[name].mean())
claim("resumed at a random step, the losses are the same for every seed", far["nothing"].max() <= lab.params["tolerance"])
lowest = min(bootstrap_interval(far[name])[0] for name in list(FORGOTTEN)[1:])
claim("each forgotten part gives another curve: all intervals lie clearly above 0", lowest > lab.params["least"])

# %% [markdown]
# A forgotten place in the data means other batches, and so other losses at every step. That says little about harm, and
# much about comparability; the same holds for the generators. A forgotten scheduler is harm: in the middle of the run
# the rate warms up once more and falls again, which nobody planned. Its interval is the widest, since the damage depends
# on where the run was interrupted.

# %% [markdown]
# ## 5. A session with an end
#
# Now the loop. A session ends in one of four ways. The run is done. Somebody asks the program to stop: SLURM and most
# clouds send `SIGTERM`, and a handler sets a flag. The time is nearly over: Kaggle's clock is known beforehand. Or the
# machine vanishes, and nobody is asked. For the first three, leave in good order; for the fourth, save often enough.
#
# `train` gets everything it needs from outside: what to do to save and to log, a clock, and a function that says
# whether a stop was asked for. So the same loop serves in a notebook, in a script, and in a test with a clock that
# jumps by hours. Before each step:
#
# 1. if `stop()`, leave: `"stopped"`;
# 2. if the step might end too late, leave: `"deadline"`. That is so if `now + longest > deadline`, where `longest` is the
#    longest step of this session so far. (The deadline is the moment at which the last save must begin, so whoever calls
#    `train` leaves room for it.)
#
# After each step:
#
# 1. **log** `{"step": ..., "loss": ..., "lr": ..., "seconds": ...}`: the number of the step just done, its loss, the rate
#    that it used, the time since the session began;
# 2. **save** if `every` seconds or more have passed since the last save ended (at first: since the session began).
#
# In this order. Save first, and a kill in between leaves a state whose last step no line of the log knows: a gap for
# ever. This way round, the step is done again, and its line appears twice. At the end, save once more, unless the state
# of this step is saved already.
#
# **Predict**: the first step on a GPU takes 4 s, all others 0.02 s. What does rule 2 make of that?
#
# **Write** `train`. `run.scheduler.get_last_lr()[0]` is the rate of the step to come.


# %%
def never() -> bool:
    """Nobody asks for a stop."""
    return False


# %% solution="train"
def train(
    run: SimpleNamespace, until: int, save: Callable, log: Callable, every: float, deadline=math.inf, stop=never, clock=time.monotonic
) -> str:
    """Train until the run has done `until` steps, or leave earlier in good order; returns "done", "stopped" or "deadline".

    save(): saves the run. log(entry): writes an entry, a dictionary. every: seconds between saves. deadline: what
    clock() shows when the last save must begin. stop(): whether a stop was asked for. clock(): seconds.
    With nothing left to do, nothing is saved and nothing logged.
    """
    ### BEGIN SOLUTION
    started = saved_at = clock()
    saved_step, longest, why = run.step, 0.0, "done"
    while run.step < until:
        now = clock()
        if stop() or now + longest > deadline:
            why = "stopped" if stop() else "deadline"
            break
        rate = run.scheduler.get_last_lr()[0]
        loss = train_step(run)
        longest = max(longest, clock() - now)
        log({"step": run.step, "loss": loss, "lr": rate, "seconds": clock() - started})
        if clock() - saved_at >= every:
            save()
            saved_at, saved_step = clock(), run.step
    if run.step > saved_step:
        save()
    return why
    ### END SOLUTION


# %%
entries, saves = [], []
run = begin(settings, machine, data)
assert train(run, 5, lambda: saves.append(run.step), entries.append, every=math.inf) == "done"
assert [entry["step"] for entry in entries] == [1, 2, 3, 4, 5] and saves == [5]
assert train(run, 9, lambda: saves.append(run.step), entries.append, every=0.0, stop=lambda: run.step == 7) == "stopped"
assert saves == [5, 6, 7]

# %% check="train" points=2
check("train")

# %% [markdown]
# Three small pieces are missing: where to save, how to write, and a log. The first two are *setup-environment* in
# PyTorch's words. The log is a file with one JSON object a line (*JSON Lines*), flushed at once. A kill may leave half a
# line at its end; whoever opens the file again cuts that off, or the next line would be glued to it.


# %%
def where_to_keep(environ: dict, exists: Callable[[str], bool]) -> str:
    """The folder that outlives a session, by place; on Colab without a mounted Drive, the working folder, which does not."""
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:  # before Colab, whose variable Kaggle sets as well
        return "/kaggle/working"
    if "COLAB_RELEASE_TAG" in environ and exists("/content/drive/MyDrive"):
        return "/content/drive/MyDrive"
    return environ.get("SLURM_SUBMIT_DIR", ".")


def keep(folder: Path, state: dict) -> None:
    """Write a state to step-NUMBER.pt beside its name, then swap; only then delete all but the newest two."""
    content = io.BytesIO()
    torch.save(state, content)
    path = folder / f"step-{state['step']:07d}.pt"
    with open(path.with_suffix(".tmp"), "wb") as file:
        file.write(content.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.replace(path.with_suffix(".tmp"), path)
    for old in sorted(folder.glob("step-*.pt"), key=lambda each: int(each.stem[5:]))[:-2]:
        old.unlink()


# %%
def newest(folder: Path) -> dict | None:
    """The newest state in `folder` that can be read, with all tensors on the CPU; None if there is none."""
    for path in sorted(folder.glob("step-*.pt"), key=lambda each: int(each.stem[5:]), reverse=True):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError) as error:
            print(f"{path.name} is damaged ({type(error).__name__}); trying the one before it")
    return None


def open_log(path: Path) -> Callable[[dict], None]:
    """A function that appends an entry to the file, one JSON line, at once; half a line at its end is cut off first."""
    with open(path, "ab") as file:
        file.truncate(path.read_bytes().rfind(b"\n") + 1)

    def log(entry: dict) -> None:
        with open(path, "ab") as file:
            file.write(json.dumps(entry).encode() + b"\n")

    return log


def read_log(path: Path) -> list[dict]:
    """All entries of a log, in the order in which they were written."""
    lines = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in lines.splitlines()]


# %% [markdown]
# ## The script
#
# The next cell writes `train.py` out of your functions: `inspect.getsource` fetches their text as it stands in this
# notebook. (If an answer of yours needs another import, add it to `HEAD`.) Read `OPTIONS` and `MAIN`: they are the whole
# program, and nothing in it asks on which of the three machines it is.

# %%
PARTS = (network, facts, example_bytes, shuffle, next_rows, rate_at, begin, traveling, never, where_to_keep, keep, newest, open_log)
ANSWERS = (fit_machine, train_step, state_of, restore, train)
HEAD = """from __future__ import annotations
import argparse, copy, io, json, math, os, platform, signal, sys, threading, time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
import torch
import torch.nn.functional as F
from torch import Tensor, nn
"""
OPTIONS = """
options = argparse.ArgumentParser()
options.add_argument("--until", type=int, required=True, help="steps")
options.add_argument("--folder", default=None, help="where checkpoints and log lie; default: what outlives the session here")
options.add_argument("--every", type=float, default=600, help="seconds between saves")
options.add_argument("--session", type=float, default=math.inf, help="seconds that this session may last")
options.add_argument("--margin", type=float, default=60, help="seconds that the last save may take")
options.add_argument("--pause", type=float, default=0, help="seconds to rest after each step")
options.add_argument("--device", default=None, help="cpu, whatever else is there")
"""

# %%
MAIN = """
started, asked, given = time.monotonic(), threading.Event(), options.parse_args()
signal.signal(signal.SIGTERM, lambda *_: asked.set())  # only a flag: the loop leaves when its step is done
folder = Path(given.folder or Path(where_to_keep(os.environ, os.path.exists)) / "digits")
folder.mkdir(parents=True, exist_ok=True)
settings = json.loads(Path("settings.json").read_text())
data = torch.load("data.pt", weights_only=True)
found = facts() if given.device != "cpu" else {"capability": None, "mps": False, "memory": {"cpu": 8e9}}
machine = fit_machine(found, settings["batch"], example_bytes(settings))
if machine["device"] == "cpu":
    torch.set_num_threads(1)  # the same sums in the same order, whatever else is running
run, state, write = begin(settings, machine, data), newest(folder), open_log(folder / "log.jsonl")
if state is not None:
    restore(run, state)

def log(entry):
    write(entry)
    print(json.dumps(entry), flush=True)
    time.sleep(given.pause)

log({"begin": run.step, "settings": settings, "machine": machine, "torch": torch.__version__, "python": platform.python_version()})
why = train(run, given.until, lambda: keep(folder, state_of(run)), log, given.every, started + given.session - given.margin, asked.is_set)
log({"end": run.step, "why": why, "seconds": time.monotonic() - started})
"""

# %% [markdown]
# The first line of every session says what ran and where, the last one why it ended; a session without a last line was
# killed. The rest of the proof is a parent who starts this command and disturbs it.


# %%
def prepare(folder: Path) -> None:
    """Write train.py, made of the functions above, and what it reads: settings.json and data.pt."""
    sources = [inspect.getsource(function) for function in (*PARTS, *ANSWERS)]
    (folder / "train.py").write_text("\n\n".join([HEAD, *sources, OPTIONS, MAIN]), encoding="utf-8")
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    torch.save(data, folder / "data.pt")


def session(folder: Path, mark: int, disturb: Callable[[subprocess.Popen], None] | None) -> int:
    """Run train.py; call disturb(process) once it reports step `mark`. Returns its exit code."""
    command = [sys.executable, "train.py", "--until", str(settings["steps"]), "--folder", "saved", "--every", "0.05"]
    command += ["--margin", "1", "--pause", str(lab.params["pause"])] + ["--device", "cpu"] * (lab.profile == "cpu")
    with open(folder / "errors.txt", "w") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    guard = threading.Timer(90, process.kill)  # whatever happens, nothing of this lives longer
    guard.start()
    try:
        for line in process.stdout:
            if disturb and json.loads(line).get("step", 0) == mark:
                disturb(process)
    finally:
        guard.cancel()
        process.kill()
        code = process.wait()
        process.stdout.close()
    if code > 0:
        raise RuntimeError("train.py failed by itself:\n" + (folder / "errors.txt").read_text())
    return code


# %% [markdown]
# Three sessions with the *same command*. The first is shot with `SIGKILL` at a third of the way. The second is asked
# politely, with `SIGTERM`, at two thirds. (Windows knows only the rude form of both.) The third may finish. Beside
# it, in this notebook, an undisturbed run.

# %%
third = settings["steps"] // 3
with tempfile.TemporaryDirectory() as folder:
    prepare(Path(folder))
    for mark, disturb in ((third, subprocess.Popen.kill), (2 * third, subprocess.Popen.terminate), (0, None)):
        print("exit code", session(Path(folder), mark, disturb))
    entries, last = read_log(Path(folder) / "saved" / "log.jsonl"), newest(Path(folder) / "saved")
for entry in entries:
    if "step" not in entry:
        print({name: value for name, value in entry.items() if name in ("begin", "end", "why", "machine")})

# %% [markdown]
# Read the lines like a detective. Which session ended without saying why? At which step did the next one begin, and how
# many steps had to be done again? Which one lost nothing?

# %%
logged = [(entry["step"], entry["loss"]) for entry in entries if "step" in entry]
undisturbed = begin(settings, machine, data)
curve = dict(enumerate(steps_of(undisturbed, settings["steps"]), start=1))
difference = max(abs(loss - curve[step]) for step, loss in logged)
twice = len(logged) - len({step for step, _ in logged})
same = all(torch.equal(last["model"][name], each.cpu()) for name, each in undisturbed.model.state_dict().items())
print(f"{len(logged)} lines for {settings['steps']} steps, {twice} of them for a step that was done before")
print(f"largest difference of the losses: {difference}; the weights at the end are the same bits: {same}")
with torch.no_grad():
    right = undisturbed.model.eval()(undisturbed.data["X_new"]).argmax(1) == undisturbed.data["y_new"]
record("test_accuracy", right.float().mean())
record("curve_difference", difference)
claim("every step is in the log", {step for step, _ in logged} == set(curve))
claim("killed, stopped and resumed, the script draws the undisturbed curve", difference <= lab.params["tolerance"])


# %%
def show_sessions(entries: list[dict], curve: dict[int, float], caption: str, alt: str) -> None:
    """Draw the losses of each session in a log over the undisturbed curve."""
    starts = [number for number, entry in enumerate(entries) if "begin" in entry] + [len(entries)]
    with plot.figure(caption=caption, alt=alt) as ax:
        ax.plot(list(curve), list(curve.values()), color=plot.NEUTRAL, linewidth=6, alpha=0.35, label="undisturbed")
        for number, (first, end) in enumerate(itertools.pairwise(starts)):
            lived = [(entry["step"], entry["loss"]) for entry in entries[first:end] if "step" in entry]
            ax.plot(*zip(*lived, strict=True), color=plot.COLORS[number], linewidth=1.3, label=f"session {number + 1}")
        ax.set(xlabel="step", ylabel="loss on its batch")
        ax.legend()


show_sessions(
    entries,
    curve,
    caption="The losses in the log of train.py, one color a session, on the curve of a run that nobody disturbed.",
    alt="A jagged falling gray band; three thin lines of different colors follow it exactly, one after the other.",
)

# %% [markdown]
# The three thin lines lie on the broad one. One command, three lives, one run.
#
# ## What does a step cost?
#
# First count, then measure. A linear layer from $d$ to $m$ numbers multiplies and adds $d\,m$ times for an example: by
# custom $2dm$ *floating-point operations* (FLOPs). Going backward it is done twice more: once for the slopes of the
# weights, once for those of its inputs, which the layer below needs. So **training costs three times the forward
# pass**, $6dm$; only the first layer has nobody below and saves $2dm$. Over all layers, for one example,
#
# $$F = \sum_{l} 6\,d_l\,d_{l+1} \;-\; 2\,d_0\,d_1 .$$
#
# Then time. A step on $B$ examples has a fixed part $a$ (Python, launching some hundred operations, Adam's update of
# all weights), and a part that grows with the arithmetic, at a rate of $r$ FLOPs per second:
#
# $$t_{\text{step}}(B) = a + \frac{F}{r}\, B .$$
#
# Two unknowns, so two or more batch sizes will do: a straight line through measured points, by least squares. Each
# point is weighted with one over its time, so that relative errors count.


# %%
def training_flops(sizes: list[int]) -> int:
    """FLOPs to learn from one example in a chain of linear layers of these sizes, such as [64, 128, 128, 10]."""
    return sum(6 * d * m for d, m in itertools.pairwise(sizes)) - 2 * sizes[0] * sizes[1]


def fit_speed(batches: list[int], seconds: list[float], flops: float) -> tuple[float, float]:
    """(a, r): seconds that every step takes, and FLOPs per second, from measured seconds of a step at some batch sizes."""
    slope, a = np.polyfit(batches, seconds, 1, w=1 / np.array(seconds))
    return float(a), float(flops / slope)


def stopwatch() -> float:
    """Seconds: of processor time on a CPU, so that other programs do not count; else by the clock, when the GPU is done."""
    if machine["device"] == "cpu":
        return time.process_time()
    if machine["device"] == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


# %%
probed = [settings["batch"] // 4, settings["batch"] * 2, settings["batch"] * 8]  # the batch of the run itself is not among them


# %%
def prober(batch: int) -> SimpleNamespace:
    """A run to measure with: whole batches of this size only."""
    whole = len(data["X"]) // batch * batch
    cut = {name: each[:whole] for name, each in data.items()}
    return begin(settings | {"batch": batch}, machine | {"pieces": 1}, cut)


def seconds_of(action: Callable[[], object]) -> float:
    """Seconds that an action takes, by the stopwatch."""
    started = stopwatch()
    action()
    return stopwatch() - started


# %%
flops = training_flops([settings["inputs"], settings["hidden"], settings["hidden"], 10])
probes = {batch: prober(batch) for batch in probed}
for run in probes.values():
    steps_of(run, 5)  # a warm-up: the first steps load what all others use
times = {batch: np.median([seconds_of(lambda run=run: steps_of(run, 4)) / 4 for _ in range(7)]) for batch, run in probes.items()}
a, rate = fit_speed(probed, list(times.values()), flops)
print(f"{flops:,} FLOPs an example; fixed part {1e6 * a:.0f} µs a step, then {rate / 1e9:.1f} billion FLOPs a second")
for batch, seconds in times.items():
    print(f"batch {batch:4d}: measured {1e6 * seconds:7.0f} µs, line {1e6 * (a + flops * batch / rate):7.0f} µs")
print(f"a batch of {settings['batch']} spends {a / (a + flops * settings['batch'] / rate):.0%} of a step on the fixed part")
claim("a step costs something even without any arithmetic: the fixed part is positive", a > 0)

# %% [markdown]
# Look at the last line but one: with small networks most of a step is not arithmetic. That is why larger batches are
# nearly free at first, and why the FLOPs of a catalog say little about this network.
#
# Is the forecast good? A forecast for another batch size, for steps that save and log as well, by a line through three
# points. The chapter's sum, without what only the cloud has:
#
# $$T = \text{steps} \cdot (t_{\text{step}} + t_{\text{log}}) + \text{saves} \cdot t_{\text{save}} .$$
#
# A shared machine can change its speed between forecast and run. So the two alternate: forecast a piece of the run, run
# it, forecast the next. The median of the ratios is what counts.
#
# **Predict**: the line was fitted to batches a quarter, twice and eight times as large. Will it be too high or too low
# for the batch in between?


# %%
def one_round(run: SimpleNamespace, folder: Path) -> tuple[float, float]:
    """Forecast the next piece of a run, then run it, with one save: seconds foretold and seconds taken."""
    log, save = open_log(folder / "log.jsonl"), lambda: keep(folder, state_of(run))
    times = [seconds_of(lambda probe=probes[batch]: steps_of(probe, 4)) / 4 for batch in probed]
    a, rate = fit_speed(probed, times, flops)
    entry = {"step": run.step, "loss": math.pi, "lr": math.e, "seconds": math.pi}
    per_entry, per_save = seconds_of(lambda: [log(entry) for _ in range(4)]) / 4, seconds_of(save)
    mean_batch = run.batches.n / math.ceil(run.batches.n / run.batches.size)  # the last one of an epoch is short
    foretold = lab.params["piece"] * (a + flops * mean_batch / rate + per_entry) + per_save
    taken = seconds_of(lambda: train(run, run.step + lab.params["piece"], save, log, every=math.inf))
    return foretold, taken


# %%
run = begin(settings, machine, data)
steps_of(run, 5)
with tempfile.TemporaryDirectory() as folder:
    rounds = np.array([one_round(run, Path(folder)) for _ in range(lab.params["rounds"])])
ratios = rounds[:, 0] / rounds[:, 1]
print("forecast / measured:", "  ".join(f"{ratio:.2f}" for ratio in ratios))
print(f"all pieces together: {rounds[:, 0].sum():.2f} s foretold, {rounds[:, 1].sum():.2f} s taken")
record("forecast_ratio", np.median(ratios))
claim("the forecast is right within 25 %", 0.75 < np.median(ratios) < 1.25)

# %% [markdown]
# ## 6. From seconds to sessions and money
#
# A run of months needs one more step. Let it take $W$ seconds of training on some offer. There a session lasts at most
# $L$ seconds, of which the first $S$ go into starting: installing, downloading, loading. A save takes $C$ seconds and is
# made after every $\tau$ seconds of training; one more is made when a session ends. Then all training and its saves take
# $W\,(1 + C/\tau)$ seconds, and a session has room for $L - S - C$ of them. So
#
# $$n = \left\lceil \frac{W\,(1 + C/\tau)}{L - S - C} \right\rceil \text{ sessions}, \qquad
# T = W\Bigl(1 + \frac{C}{\tau}\Bigr) + n\,(S + C) .$$
#
# If $L \le S + C$, the run never ends, however often you come back. A weekly quota $Q$ makes $\lceil T/Q \rceil$ weeks;
# the price per hour makes the bill.
#
# **Predict**: sessions of half an hour, ten minutes to start. What share of your time is lost?
#
# **Write** `plan`. Without a limit $L = \infty$, and without a quota $Q = \infty$; the formulas hold (`x / math.inf`
# is 0), but the smallest number of sessions, and of weeks, is 1.


# %% solution="plan"
def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    """What a run costs on an offer: {"sessions", "seconds", "weeks", "price"}; None if it would never end there.

    work: seconds of training. save: seconds of a save. every: seconds of training between saves. offer: "start", seconds
    before training begins in a session; "session", its longest seconds; "week", seconds a week; "price" of an hour.
    seconds: of all sessions together. sessions and weeks are whole numbers, 1 or more. price: for these seconds.
    """
    ### BEGIN SOLUTION
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + sessions * (offer["start"] + save)
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
    ### END SOLUTION


# %%
free = {"start": 100, "session": 1000, "week": 2000, "price": 0.0}
assert plan(900, 0, 60, free) == {"sessions": 1, "seconds": 1000, "weeks": 1, "price": 0.0}
assert plan(901, 0, 60, free)["sessions"] == 2 and plan(2000, 0, 60, free)["weeks"] == 2
assert plan(900, 0, 60, free | {"session": 100}) is None

# %% check="plan" points=2
check("plan")

# %% [markdown]
# **See it.** A run worth planning: GPT-2 small, 124 million parameters, on 2.5 billion tokens, at six operations per
# parameter and token (the guide *Free compute* has the reasons). The offers are those of the guide, with its limits and
# prices as they stood in November 2026; the speeds are its assumptions, 30 % of what a T4 promises and 40 % for the
# others. *Your* numbers come from fifty measured steps on each.

# %%
HOUR = 3600
OFFERS = {  # speed: FLOPs a second that the training reaches; the rest as in plan. Read the provider's page before you rely on it.
    "this machine": {"speed": rate, "start": 10, "session": math.inf, "week": math.inf, "price": 0.0},
    "Colab, free T4": {"speed": 0.3 * 65e12, "start": 180, "session": 12 * HOUR, "week": math.inf, "price": 0.0},
    "Kaggle, T4": {"speed": 0.3 * 65e12, "start": 180, "session": 9 * HOUR, "week": 30 * HOUR, "price": 0.0},
    "rented A100": {"speed": 0.4 * 312e12, "start": 300, "session": math.inf, "week": math.inf, "price": 1.19},
    "rented H100": {"speed": 0.4 * 989e12, "start": 300, "session": math.inf, "week": math.inf, "price": 2.69},
}
total, plans = 6 * 124e6 * 2.5e9, {}
for name, offer in OFFERS.items():
    plans[name] = plan(total / offer["speed"], 20, 760, offer)
    print(
        f"{name:15s} {plans[name]['seconds'] / HOUR:12,.1f} hours in {plans[name]['sessions']} sessions, "
        f"{plans[name]['weeks']} weeks: ${plans[name]['price']:,.2f}"
    )
claim("the machine with the higher price by the hour has the lower bill", plans["rented H100"]["price"] < plans["rented A100"]["price"])

# %% [markdown]
# Three things to read off. What your own computer would take is why clouds exist (unless it has a GPU). What is free
# costs sessions, and a week in which nothing else runs. And the dearer machine is the cheaper one as soon as it is
# faster by more than the ratio of the prices, 2.26 here.

# %% [markdown]
# ## Experiment: how often to save?
#
# The table took $\tau = 760$ s for a save of $C = 20$ s. It comes from Young (1974), for sessions that are killed at
# random after $M$ seconds on average: per second of training, saving costs $C/\tau$, and a kill costs half an interval
# every $M$ seconds, $\tau/(2M)$. The sum is smallest at
#
# $$\tau^* = \sqrt{2CM}.$$
#
# That argument leaves out a lot: that a kill may hit a save, that intervals are cut off, that restarts take time. So
# try it, on a clock that exists only in the computer's mind. Sessions of random length with a mean of four hours
# (exponentially distributed: a kill is equally likely at any moment), three minutes to start, and a
# run of 200 hours. For 20 seeds and seven intervals from an eighth of Young's to eightfold.
#
# **Predict**: how much more does an interval cost that is twice too long? And one that is eight times too long?


# %%
def lost_share(work: float, save: float, every: float, start: float, mean: float, rng: np.random.Generator) -> float:
    """Time lost, as a share of the work, when sessions of random length (mean in seconds) are killed without warning.

    A session spends `start` seconds, then alternates `every` seconds of training and `save` of saving. What was not
    saved at the kill is lost.
    """
    done, spent = 0.0, 0.0
    while True:
        life = rng.exponential(mean)
        needed = start + math.ceil((work - done) / every) * save + (work - done)
        if life >= needed:
            return (spent + needed - work) / work
        saves = max(0, int((life - start) // (every + save)))
        done, spent = done + saves * every, spent + life


# %%
COST, MEAN, START, WORK = 20.0, 4 * HOUR, 180.0, 200 * HOUR
young = math.sqrt(2 * COST * MEAN)
FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
seeds = lab.seeds(20)
lost = np.array(
    [[lost_share(WORK, COST, factor * young, START, MEAN, np.random.default_rng(seed)) for factor in FACTORS] for seed in seeds]
)
intervals = [bootstrap_interval(column) for column in lost.T]
for factor, column, (low, high) in zip(FACTORS, lost.T, intervals, strict=True):
    argument = COST / (factor * young) + factor * young / (2 * MEAN) + START / MEAN
    print(f"{factor * young:7.0f} s between saves: {column.mean():6.1%} lost ({low:.1%} to {high:.1%}); by the argument {argument:.1%}")
plot.lines(
    {"simulated": lost.mean(axis=0), "by the argument": [COST / (f * young) + f * young / (2 * MEAN) + START / MEAN for f in FACTORS]},
    xs=[round(factor * young) for factor in FACTORS],
    bands={"simulated": tuple(np.array(intervals).T)},
    x="seconds between saves",
    y="share of time lost",
    log_x=True,
    caption="Time lost to saves, kills and restarts, over the work: mean of 20 simulated runs with a 95 % band, and Young's argument.",
    alt="Two U-shaped curves close together, lowest in the middle at about 760 seconds, flat there and steep at both ends.",
)

# %%
middle = FACTORS.index(1)
record("overhead_young", lost[:, middle].mean())
record("overhead_eighth", lost[:, 0].mean())
record("overhead_eightfold", lost[:, -1].mean())
best = lost.mean(axis=0).min()
claim("Young's interval is within one percent of the work of the best one tried", lost[:, middle].mean() - best < 0.01)
claim(
    "an eighth of it, and eightfold, cost more: the intervals do not touch", intervals[middle][1] < min(intervals[0][0], intervals[-1][0])
)

# %% [markdown]
# The two curves part only on the right, where the argument is too kind: with intervals as long as a session, many a
# session ends before its first save and gains nothing at all. Otherwise the valley is flat. Twice too long or half as long costs little; a factor of eight is what hurts. So a rough guess of
# $M$ will do: save every ten minutes or so, and spend your thought on what is in the file. Kills that are announced, by
# a deadline or `SIGTERM`, cost nothing but the last save; that is what `train` earns with its two tests.

# %% [markdown]
# ## Against the real thing
#
# **Counting.** PyTorch counts operations itself, by listening to every matrix product.


# %%
def counted(sizes: list[int], batch: int) -> int:
    """FLOPs of a forward and a backward pass through a chain of linear layers, as PyTorch counts them."""
    layers = [each for d, m in itertools.pairwise(sizes) for each in (nn.Linear(d, m), nn.ReLU())][:-1]
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        F.cross_entropy(nn.Sequential(*layers)(torch.randn(batch, sizes[0])), torch.zeros(batch, dtype=torch.long)).backward()
    return counter.get_total_flops()


# %%
agree = []
for sizes in ([64, 128, 128, 10], [784, 256, 10], [30, 7, 11, 5, 10]):
    agree.append(counted(sizes, 32) == 32 * training_flops(sizes))
    print(f"{sizes}: PyTorch counts {counted(sizes, 32):,}, the formula says {32 * training_flops(sizes):,}")
claim("the formula and PyTorch's counter agree exactly", all(agree))

# %% [markdown]
# **Saving.** Hugging Face's *Accelerate* exists for the title of this lab: one script for laptop, one GPU and many. You
# hand it your parts with `prepare`, and it moves them to the device; `save_state` and `load_state` write and read
# weights, optimizer, scheduler and all generators. What it does not know is your own code, such as the place in the
# data: objects with `state_dict` and `load_state_dict` can be registered. Is its resume as exact as yours?


# %%
class Place:
    """A run's place in the data and its step, in the form that Accelerate saves."""

    def __init__(self, run: SimpleNamespace):
        self.run = run

    def state_dict(self) -> dict:
        """The two entries of the state."""
        state = state_of(self.run)
        return {"batches": state["batches"], "step": state["step"]}

    def load_state_dict(self, saved: dict) -> None:
        """Put them back; everything else stays."""
        restore(self.run, state_of(self.run) | saved)


def accelerated(seed: int) -> tuple[SimpleNamespace, object]:
    """A fresh run whose parts are in Accelerate's hands, and the Accelerator."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=machine["device"] == "cpu")
    run = begin(settings | {"seed": seed}, machine | {"dtype": "float32", "pieces": 1}, data)
    run.model, run.optimizer, run.scheduler = accelerator.prepare(run.model, run.optimizer, run.scheduler)
    accelerator.register_for_checkpointing(Place(run))
    return run, accelerator


# %%
with tempfile.TemporaryDirectory() as folder:
    run, accelerator = accelerated(lab.seed)
    steps_of(run, 50)
    accelerator.save_state(folder)
    theirs = steps_of(run, 50)
    files = sorted(path.name for path in Path(folder).iterdir())
    again, accelerator = accelerated(lab.seed)
    accelerator.load_state(folder)
    resumed = steps_of(again, 50)
own = begin(settings, machine | {"dtype": "float32", "pieces": 1}, data)
ours = steps_of(own, 100)[50:]
print("Accelerate's files:", ", ".join(files))
print(f"largest difference of 50 losses: after its resume {np.abs(resumed - theirs).max()}, from your loop {np.abs(ours - theirs).max()}")
record("accelerate_difference", max(np.abs(resumed - theirs).max(), np.abs(ours - theirs).max()))
claim("Accelerate's run, its resumed run and yours have the same losses", np.abs(np.stack([resumed, ours]) - theirs).max() <= 1e-6)

# %% [markdown]
# What it does better: several GPUs and machines with the same script, sharded checkpoints, gradient accumulation and
# mixed precision by one argument each. What it leaves to you, as all of them do: settings and machine kept apart,
# writing beside and swapping, a log that survives, and when to leave.

# %% [markdown] answer="review" points=2
# ## In your own words
#
# A colleague's script runs on a laptop (batch 64 in one piece, `float32`) and is continued from its checkpoint on a T4
# (`float16` with a scaler). The checkpoint holds the `state_dict` of model, optimizer and scheduler, the step, and the
# number of the epoch; it is loaded with `map_location="cuda"`.
#
# 1. Which parts of the state are missing, and how does the loss curve after the resume show each of them?
# 2. On the T4, 64 examples do not fit, so the colleague sets the batch to 32 and, to compensate, doubles the number of
#    steps. Is this the same run? Say what you would do instead, and what then still differs from the laptop's curve.
#
# ### BEGIN SOLUTION
# 1. The place in the data (how much of the epoch is used, and the generator that drew its order): the epoch begins
#    again with another order, so some examples come twice and others not at all, and every loss is that of another
#    batch. PyTorch's generators: dropout draws other masks, so that the losses differ from the first step on, a little.
#    The scaler's state cannot be missed, since the laptop had none; it starts at its default, and may skip a few steps
#    until its scale fits. The settings: nobody notices if they change.
# 2. No. The noise of each step is larger by √2, Adam takes twice as many steps of the same length, and the schedule,
#    which counts steps, is stretched or ends too early. Batch and steps are settings; the pieces are the machine's: keep
#    64, in two pieces whose losses are divided by 64. What still differs is rounding, float16 in the products, and the
#    dropout masks, so the curves agree as experiments and not in their bits.
#
# *Rubric*: 1 point for place in the data and generators, each with its trace in the curve; half if one is missing. 1 point
# for "not the same", accumulation with the division by the whole batch, and at least one remaining difference; half if
# one of these is missing.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **The mean over a piece, divided by the number of pieces.** Right until the last batch of an epoch, which is short.
# - **Clipping before `unscale_`.** Every gradient is then "too long", and the steps shrink to nothing or to noise.
# - **`state_dict()` without a copy.** It moves on with the run. The same in the other direction: `load_state_dict` of an
#   optimizer does not copy either.
# - **`torch.load(path, map_location="cuda")`.** It also moves the generators' states to the GPU, and `set_rng_state`
#   wants them on the CPU (`RNG state must be a torch.ByteTensor`). Load to the CPU; the modules move their own parts.
# - **The seed set again after a resume.** Then every session draws the masks of the first one.
# - **A save at the last second.** `SIGKILL` follows `SIGTERM` after half a minute or less; and a Drive that is mounted
#   writes slowly. Measure a save, and leave a margin of several.
# - **The mean of the first steps as a forecast.** The first one may take a hundred times as long. Warm up, and take the
#   median.
# - **Reading a clock while the GPU still works.** Its calls return at once: `torch.cuda.synchronize()` first.
#
# ## Scale it up
#
# In the `gpu` profile the same notebook reads MNIST with a network of 1,024 hidden units, in `float16` on a T4; in `h100`
# with 4,096 units in `bfloat16`. Look at three things. The fixed part of a step is larger than on a CPU, for every
# operation must be launched; the rate is larger by a factor of a hundred or more. So small batches cost as much time as
# large ones, and the line through three points bends: the forecast holds between the measured sizes and not far beyond.
# The curves after a resume may differ in the last digits (`torch.use_deterministic_algorithms` forbids that, at a price),
# so the bound there is not 0. And a run on the T4 is continued on the H100 without a word: that is what the script is for.
#
# ## Exercises
#
# 1. [conceptual] By the table of offers, above which ratio of speeds does a machine for \$2.69 an hour beat one for \$0.40?
#    Take a session's start of five minutes into account for runs of one hour and of one minute. *Success*: two numbers
#    and the formula from which both follow.
# 2. [short-code] Let the session begin with a line in the log for the commit (`git rev-parse HEAD`), whether files were
#    changed (`git status --porcelain`), and a SHA-256 of the data. *Success*: two sessions from different commits can be
#    told apart by the log alone, and without Git the script still runs.
# 3. [short-code] Run the script on Colab and on Kaggle: upload `train.py`, `settings.json` and `data.pt`, and start it with
#    the same command. Continue the run of one on the other. *Success*: one `log.jsonl` with sessions of two machines and
#    every step from 1 to the last in it.
# 4. [extended] Pieces and dropout: draw the masks for the whole batch on the CPU, by a generator that is seeded from the
#    settings and the step, and hand every piece its rows. *Success*: with dropout, runs in 1 and in 7 pieces agree to
#    rounding, and no generator of PyTorch's needs to be in the state.
# 5. [extended] Real kills are not memoryless: Colab's free sessions end at 12 hours at the latest. Simulate sessions that
#    are killed at random, and end at $L$ with a save. *Success*: the best interval over seeds, with a band, and a
#    sentence on when Young's formula misleads.
#
# ## References
#
# - J. W. Young (1974). *A first order approximation to the optimum checkpoint interval.* Communications of the ACM 17(9),
#   530–531. <https://doi.org/10.1145/361147.361115>. J. T. Daly (2006). *A higher order estimate of the optimum checkpoint
#   interval for restart dumps.* Future Generation Computer Systems 22(3), 303–312.
#   <https://doi.org/10.1016/j.future.2004.11.016>. What the argument leaves out.
# - P. Micikevicius and others (2018). *Mixed precision training.* ICLR. <https://arxiv.org/abs/1710.03740>. Section 3.2: why
#   the loss is scaled.
# - J. Kaplan and others (2020). *Scaling laws for neural language models.* <https://arxiv.org/abs/2001.08361>. Section 2.1:
#   six operations per parameter and token.
# - PyTorch: *Automatic mixed precision*, <https://docs.pytorch.org/docs/stable/notes/amp_examples.html>, on clipping and
#   accumulation with a scaler; *Reproducibility*, <https://docs.pytorch.org/docs/stable/notes/randomness.html>, on what is
#   promised between machines.
# - Hugging Face Accelerate, *Checkpointing*, <https://huggingface.co/docs/accelerate/usage_guides/checkpoint>.
# - Limits and prices of the offers: the guide *Free compute* of this book, each with its source and date. The digits are
#   those of *nn-perceptron*.
