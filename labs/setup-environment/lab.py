# %% [markdown]
# # A workspace that survives interruptions
#
# The machines on which you will learn deep learning are mostly lent. Colab, Kaggle or a cluster takes its machine back
# when time is up, when somebody else needs it, or when you have been away too long, and nobody asks how far your
# training is. In this lab you build what makes that harmless: code that knows where it runs and what the machine can
# do, and a training run that can be shot at any moment. **How much must be saved, and how, so that a run which was
# killed twenty times ends with exactly the weights, to the last bit, of one that was never disturbed?**

# %% [markdown]
# ## You will learn
#
# - to recognize Colab, Kaggle, Paperspace, a SLURM job or your own computer, and what survives there;
# - to read from a GPU's description which number type and which profile of this book it can carry;
# - to write a file so that whoever is killed while writing leaves the old file or the new one, never half of one;
# - to find everything that the next training step depends on: weights, momentum, generator, place in the data;
# - to resume by default, to survive a damaged file, and to refuse a checkpoint that belongs to other settings;
# - to prove all this with `kill -9`, and to measure what is lost when one part of the state is forgotten.
#
# ## You need
#
# The lab *nn-xor*: the two-layer network that is trained here, its loss and its gradients. Of Python: dictionaries,
# `with open(...)` and exceptions (`try`, `except`, `raise`); paths are `pathlib.Path` objects (`folder / "name"`,
# `path.name`, `path.read_bytes()`, `folder.glob("*.ckpt")`). Everything runs on any system; where Windows differs, the
# text says so.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import copy
import hashlib
import inspect
import io
import itertools
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scratchlab
from scratchlab import plot

lab = scratchlab.start("setup-environment", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: a session ends in the middle
#
# Here is a training run worth saving. The network of *nn-xor*, with 64 inputs and 16 hidden units, learns whether a
# handwritten digit is odd. Three things are new in how it learns, and each is in daily use:
#
# - **Mini-batches.** A step looks at 32 pictures, not at all of them. At the start of an *epoch*, a pass through the
#   data, the pictures are put into a random order; then each step takes the next 32.
# - **Noise.** Each picture gets a little fresh noise every time it is used, so that the network never sees quite the
#   same picture twice.
# - **Momentum.** Each part $\theta$ of the network has a *velocity* $\mathbf{u}$, like a ball that rolls downhill: it
#   keeps the share $\mu$ of the speed that it had, and the slope, with the learning rate $\eta$, adds to it,
#
# $$\mathbf{u} \leftarrow \mu\,\mathbf{u} - \eta\,\frac{\partial L}{\partial \theta}, \qquad
# \theta \leftarrow \theta + \mathbf{u} .$$
#
# A file from which a run can go on is called a *checkpoint*. What must be in it? First the network itself, in the form
# that you know.


# %%
def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) for each entry."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def loss_and_slopes(net: dict, X: np.ndarray, t: np.ndarray) -> tuple[float, dict]:
    """The loss of nn-xor (half the squared error, averaged) and its gradients; X: shape (n, d), t: targets 0 or 1, (n,)."""
    H = sigmoid(X @ net["W"] + net["b"])
    p = sigmoid(H @ net["v"] + net["c"])
    blame = (p - t) * p * (1 - p) / len(t)
    hidden = blame[:, None] * net["v"] * H * (1 - H)
    slopes = {"W": X.T @ hidden, "b": hidden.sum(axis=0), "v": H.T @ blame, "c": blame.sum(keepdims=True)}
    return float(np.mean(0.5 * (p - t) ** 2)), slopes


def accuracy(net: dict, X: np.ndarray, t: np.ndarray) -> float:
    """The share of examples, 0 to 1, whose output is on the target's side of ½; X: shape (n, d), t: shape (n,)."""
    outputs = sigmoid(sigmoid(X @ net["W"] + net["b"]) @ net["v"] + net["c"])
    return float(np.mean((outputs > 0.5) == (t > 0.5)))


# %% [markdown]
# A *run* is everything that a training in progress holds in memory. A `SimpleNamespace` is a box with named
# compartments: `run.step` reads one, `run.step = 7` sets it. Read the two functions slowly, above all the second: it is
# the step that must not know whether there was an interruption.


# %%
def begin(settings: dict, data: dict) -> SimpleNamespace:
    """A fresh run: nothing trained yet. settings: plain numbers by name. data: "X", "t" to train, "X_new", "t_new" to test."""
    rng, (d, m) = np.random.default_rng(settings["seed"]), (data["X"].shape[1], settings["hidden"])
    v = rng.standard_normal(m) / np.sqrt(m)
    net = {"W": rng.standard_normal((d, m)) / np.sqrt(d), "b": np.zeros(m), "v": v, "c": np.zeros(1)}
    run = SimpleNamespace(settings=settings, data=data, net=net, rng=rng)
    run.velocity = {name: np.zeros_like(part) for name, part in net.items()}  # the memory of momentum
    run.order, run.position = np.arange(0), 0  # this epoch's order of the rows, and how many of them are used up
    run.step, run.best = 0, -1.0  # steps done; the best test accuracy so far, -1 before the first
    run.rows, run.loss, run.began = None, None, time.time()  # the last step's rows and loss; when the clock started
    return run


def advance(run: SimpleNamespace) -> None:
    """One step of training; changes the run in place."""
    settings, X, t = run.settings, run.data["X"], run.data["t"]
    if run.position >= len(run.order):  # the epoch is over: a new order
        run.order, run.position = run.rng.permutation(len(X)), 0
    run.rows = run.order[run.position : run.position + settings["batch"]]
    noisy = X[run.rows] + settings["noise"] * run.rng.standard_normal((len(run.rows), X.shape[1]))
    run.loss, slopes = loss_and_slopes(run.net, noisy, t[run.rows])
    for name in run.net:
        run.velocity[name] *= settings["momentum"]
        run.velocity[name] -= settings["rate"] * slopes[name]
        run.net[name] += run.velocity[name]
    run.position += len(run.rows)
    run.step += 1


# %% [markdown]
# One third of the digits is put away to test with, as before. Then two runs: one in peace, and one whose session ends
# in the middle. For the second we do what most people do first: we keep the weights, and go on from them.


# %%
def odd_digits(split: int) -> dict:
    """scikit-learn's digits and whether each is odd: "X" (n, 64), "t" (n,) to train with, "X_new", "t_new" to test with."""
    pixels, digit = load_digits(return_X_y=True)
    X, X_new, t, t_new = train_test_split(pixels / 16, digit % 2.0, test_size=1 / 3, stratify=digit, random_state=split)
    return {"X": X, "t": t, "X_new": X_new, "t_new": t_new}


def go_on(run: SimpleNamespace, until: int) -> SimpleNamespace:
    """Train the run until it has done so many steps; returns the same run."""
    while run.step < until:
        advance(run)
    return run


def distance(run: SimpleNamespace, other: SimpleNamespace) -> float:
    """How far apart the weights of two runs are, as a share of the length of the second one's: |a - b| / |b|."""
    a, b = (np.concatenate([part.ravel() for part in each.net.values()]) for each in (run, other))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


# %%
data, total, every = odd_digits(split=0), lab.params["steps"], lab.params["every"]
settings = {name: lab.params[name] for name in ("hidden", "batch", "noise", "momentum", "rate")} | {"seed": lab.seed}
peaceful = go_on(begin(settings, data), total)
ended = go_on(begin(settings, data), total // 2)

second = begin(settings, data)  # a new session: all that was kept of the first are its weights
second.net, second.step = copy.deepcopy(ended.net), ended.step
go_on(second, total)
for name, run in (("never disturbed", peaceful), ("continued from its weights", second)):
    print(f"{name:26s} test accuracy {accuracy(run.net, data['X_new'], data['t_new']):.1%}")
print(f"distance of the weights: {distance(second, peaceful):.0%}")
record("test_accuracy", accuracy(peaceful.net, data["X_new"], data["t_new"]))
claim("a run that is continued from its weights alone ends elsewhere", distance(second, peaceful) > 0.05)

# %% [markdown]
# Look at the two accuracies: nothing alarming, and yet the second run is *another* run. Its weights are not those that
# the settings and the seed promise. Nobody can reproduce it, and when something strange shows up in it, you cannot tell
# an effect from an accident. At the end of this lab the distance will be 0, not nearly but exactly, whatever happens on
# the way. First, though: where are we, and with what?

# %% [markdown]
# ## 1. Where am I?
#
# A program is told a lot by its surroundings. Every process has *environment variables*, names with texts
# (`os.environ` behaves like a dictionary of them), and each place to compute sets some that give it away:
#
# | place | what gives it away | what outlives the session |
# | --- | --- | --- |
# | `"kaggle"` | variable `KAGGLE_KERNEL_RUN_TYPE` | `/kaggle/working`, once you save a version |
# | `"colab"` | variable `COLAB_RELEASE_TAG` | `/content/drive/MyDrive`, if you have mounted your Drive; else nothing |
# | `"paperspace"` | variable `PAPERSPACE_NOTEBOOK_REPO_ID`, or the two folders `/notebooks` *and* `/storage` | `/storage` |
# | `"slurm"` | variable `SLURM_JOB_ID` | the folder named by `SLURM_SUBMIT_DIR`; `"."` if that is not set |
# | `"local"` | none of these | `"."`, the folder you work in |
#
# Two traps lie here, both from practice. Since early 2025 Kaggle's machines are built on Colab's, and **Colab's
# variable is set on Kaggle, too** (Kaggle's own library fell for it). So ask in the order of the table. And a variable
# that merely *begins* like one of these says nothing: `KAGGLE_KEY` and `PAPERSPACE_API_KEY` are passwords that people
# keep on their laptops, and `SLURM_CONF` is set where jobs are *submitted*, not only where they run.
#
# How would you test such code without owning five machines? Do not let it look around by itself. It *gets* the
# variables, and a function that tells whether a path exists. Such a function, which depends on its arguments alone, is
# called *pure*, and a test can play any machine in the world to it.
#
# **Predict**: Colab without a mounted Drive: what should the function answer to "what outlives the session"?
#
# **Write** `where_am_i`. `"NAME" in environ` asks for a variable, `exists("/storage")` for a path.


# %% solution="place"
def where_am_i(environ: Mapping[str, str], exists: Callable[[str], bool]) -> tuple[str, str | None]:
    """The place where a program runs, and the folder there that outlives the session, by the table above.

    environ: the environment variables, names to texts. exists: tells whether there is something at a path.
    Returns (place, folder): place is "kaggle", "colab", "paperspace", "slurm" or "local"; folder is None if nothing
    outlives the session. Uses nothing but its arguments.
    """
    ### BEGIN SOLUTION
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:  # before Colab: Kaggle's image is made from Colab's
        return "kaggle", "/kaggle/working"
    if "COLAB_RELEASE_TAG" in environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive if exists(drive) else None
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or (exists("/notebooks") and exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in environ:
        return "slurm", environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
    ### END SOLUTION


# %%
assert where_am_i({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, lambda path: False) == ("kaggle", "/kaggle/working")
assert where_am_i({"COLAB_RELEASE_TAG": "release-colab"}, lambda path: False) == ("colab", None)
assert where_am_i({"KAGGLE_KEY": "a password"}, lambda path: False) == ("local", ".")

# %% check="place" points=1
check("place")

# %%
place, survives = where_am_i(os.environ, os.path.exists)
print(f"place: {place}; what outlives the session: {survives or 'nothing (mount your Drive)'}")

# %% [markdown]
# On SLURM, "outlives" has a second meaning. A job has a time limit; when it is over, SLURM sends the polite signal
# `SIGTERM` and, half a minute later by default, the impolite `SIGKILL`. With `sbatch --requeue` the same script is then
# started again, from its first line. A script that resumes by default needs nothing more.

# %% [markdown]
# ## 2. What can this machine do?
#
# GPUs come from week 3 on, but the code that chooses is small, and it belongs here. NVIDIA's tool `nvidia-smi` answers
# with one line per GPU: its name, its memory in MiB (about a million bytes each), and its *compute capability*, the
# version number of what its hardware can do. The rules, which this book follows from here on:
#
# - Below capability **7.5** the GPU is too old: PyTorch's current builds contain no code for it. (A P100, capability
#   6.0, is still offered here and there; programs see it, start, and fail.) Below **14,000 MiB** it is too small for
#   the `gpu` profile of the labs, which reckons with a T4. In both cases work on the CPU: device `"cpu"`, number type
#   `"float32"`, profile `"cpu"`.
# - Otherwise the device is `"cuda"`. From capability **8.0** on, GPUs compute with `"bfloat16"`; older ones, such as
#   the T4 with 7.5, have no units for it and get `"float16"`.
# - The profile is `"h100"` from capability **9.0** on with at least **70,000 MiB**, else `"gpu"`.
#
# Both number types have 16 bits, half of `float32`, so twice as many fit into the memory and into a second. They spend
# them differently. `float16` keeps three decimal digits and gives up range: nothing above 65,504. `bfloat16` keeps the
# range of `float32` and gives up digits: two are left. You will see both below.
#
# **Predict**: the name says "NVIDIA RTX 6000", the numbers say 24,576 MiB and 7.5. Which number type?
#
# **Write** `choose`. The text may be empty (no GPU); of several lines the first counts. Mind how version numbers
# compare: 10.0 comes after 9.0, but the *text* `"10.0"` sorts before `"9.0"`.


# %% solution="machine"
def choose(answer: str) -> tuple[str, str, str]:
    """Device, number type and profile for a machine, by the rules above.

    answer: what nvidia-smi says, lines of "name, memory in MiB, compute capability", such as "Tesla T4, 15360, 7.5";
    empty if there is no GPU. The first line counts.
    Returns (device, dtype, profile): ("cpu", "float32", "cpu"), or "cuda" with its number type and "gpu" or "h100".
    """
    ### BEGIN SOLUTION
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    _, memory, capability = lines[0].split(",")
    version = tuple(int(number) for number in capability.strip().split("."))
    if version < (7, 5) or float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    dtype = "bfloat16" if version >= (8, 0) else "float16"
    return "cuda", dtype, "h100" if version >= (9, 0) and float(memory) >= 70_000 else "gpu"
    ### END SOLUTION


# %%
assert choose("") == ("cpu", "float32", "cpu")
assert choose("Tesla T4, 15360, 7.5\nTesla T4, 15360, 7.5\n") == ("cuda", "float16", "gpu")  # Kaggle's pair
assert choose("NVIDIA H100 80GB HBM3, 81559, 9.0") == ("cuda", "bfloat16", "h100")

# %% check="machine" points=1
check("machine")


# %% [markdown]
# **See it.** This machine first, then the number types. NumPy has no `bfloat16`, but it is easily made: a `float32`
# with the lower half of its bits rounded away.


# %%
def ask_nvidia_smi() -> str:
    """What nvidia-smi says about this machine's GPUs, one line each; empty if there is none, or no driver."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """`x` rounded to the nearest bfloat16 numbers, held in a float32 array of the same shape."""
    bits = np.asarray(x, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


# %%
print("this machine:", choose(ask_nvidia_smi()))
numbers = np.array([1 / 3, 1.001, 70_000, 1e-8], dtype=np.float32)
with np.errstate(over="ignore"):  # 70,000 is too large for float16: that is the point
    half, brain = numbers.astype(np.float16), to_bfloat16(numbers)
for row in zip(numbers, half, brain, strict=True):
    print("float32 {:<12.7g} float16 {:<12.6g} bfloat16 {:.6g}".format(*row))
claim("70,000 is infinite in float16, but not in bfloat16", np.isinf(half[2]) and np.isfinite(brain[2]))
claim("1.001 is rounded to 1 in bfloat16, but not in float16", brain[1] == 1 and half[1] != 1)

# %% [markdown]
# Read the columns. Where `float16` says `inf` or 0, a number is lost altogether; where `bfloat16` errs, it errs by less
# than half a percent. Small gradients that become 0 are why training in `float16` needs a trick that you will meet with
# PyTorch (*loss scaling*), and why newer hardware made the other bargain.

# %% [markdown]
# ## 3. The old file or the new one, never half
#
# Now to the saving. The obvious code has two weaknesses:
#
# ```python
# with open("run.ckpt", "wb") as file:
#     file.write(data)
# ```
#
# `open(..., "wb")` **empties the old file at once**, before a single new byte is there. And `write` returns before
# anything is safe: the bytes go into a buffer of Python, from there (`flush`) to the operating system, which writes
# them to the disk when it finds time. Between these moments a kill leaves an empty file, or a piece of one, exactly
# where the last good checkpoint was.
#
# The remedy is older than deep learning. Four steps, in this order:
#
# 1. write all bytes **beside** the file, under the name `run.ckpt.tmp`, in the same folder;
# 2. `file.flush()`: from Python's buffer to the operating system. A killed process cannot take these bytes along;
# 3. `os.fsync(file.fileno())`: from the operating system to the disk. A power cut cannot take these;
# 4. `os.replace(tmp, path)`: **swap**. The file system changes the name in one indivisible (*atomic*) step, and there
#    is no moment at which `run.ckpt` is missing or half.
#
# `os.replace` does this on Linux, macOS and Windows alike (on Windows it raises `PermissionError` while another program
# holds the file open). It needs both names on the same disk, hence "in the same folder".
#
# **Predict**: a kill in the middle of step 1 leaves half a `run.ckpt.tmp` behind. Does it do any harm the next time?
#
# **Write** `write_atomically`.


# %% solution="write"
def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to the file `path` so that a reader, or a kill at any moment, finds the old content or all of the new.

    The new content is first written to a file in the same folder, whose name is that of `path` with ".tmp" appended;
    one left behind by an earlier kill is overwritten. It is on the disk before it takes the place of `path`.
    Errors (a full disk: OSError) reach the caller, and `path` is then as it was.
    """
    ### BEGIN SOLUTION
    beside = path.with_name(path.name + ".tmp")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as folder:
    target = Path(folder) / "run.ckpt"
    for content in (b"the old content", b"the new one"):
        write_atomically(target, content)
    assert target.read_bytes() == b"the new one"
    assert [path.name for path in Path(folder).iterdir()] == ["run.ckpt"]  # nothing is left beside it

# %% check="write" points=2
check("write")


# %% [markdown]
# **See it.** What would the next session find on the disk, if this one were killed right now? Ask after each piece:
# first with the obvious code, then with the name beside.


# %%
def found(path: Path) -> str:
    """What somebody else finds at `path` at this moment."""
    return f"{path.stat().st_size:,} bytes" if path.exists() else "nothing"


def show_moments(target: Path, beside: Path) -> None:
    """Write 18,000 new bytes in six pieces to `beside`, which replaces `target` at the end; print what is found meanwhile."""
    target.write_bytes(bytes(18_000))
    with open(beside, "wb", buffering=8192) as file:
        for piece in range(7):
            print(f"    {3_000 * piece:6,} bytes written: a kill would leave {found(target)} in {target.name}")
            if piece < 6:
                file.write(bytes(3_000))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, target)
    print(f"    flushed and swapped:  a kill would leave {found(target)} in {target.name}")


# %%
with tempfile.TemporaryDirectory() as folder:
    for title, name in (("onto the old file", "run.ckpt"), ("beside it", "run.ckpt.tmp")):
        print(title)
        show_moments(Path(folder) / "run.ckpt", Path(folder) / name)

# %% [markdown]
# In the upper half, look at the line before anything is written: the old checkpoint is gone already. And what is found
# lags behind what was written: the rest still sits in Python's buffer, here of 8,192 bytes. In the lower half there is
# always a whole file: the old one until the swap, and the new one after it.
#
# ## 4. Everything that the next step depends on
#
# What belongs into the file? The rule is short: **everything that the next step depends on and that cannot be had
# again**. Take `advance` and go through it line by line. What does it read? Of that, what comes from the settings and
# the data, which the next session has anyway, and what was made by the steps so far?
#
# A random generator is no exception, although it seems to have nothing to save. It is a machine with a state of a few
# large numbers, and each draw turns it by a notch: `rng.bit_generator.state` reads the state as a dictionary, and
# assigning to it sets it. Two generators in the same state draw the same numbers for ever.
#
# Two more things must be in it, though `advance` never reads them: the `settings`, so that nobody resumes with others
# by mistake, and `best`, or the first checkpoint after a kill will believe itself to be the best there ever was.
#
# What you save goes back into a fresh run through `put_back`, name by name. Read it: it tells you the form in which it
# wants the generator.


# %%
def put_back(run: SimpleNamespace, state: dict) -> None:
    """Set the run's parts to what `state` says, name by name; "rng" holds the state of the generator. Other parts stay."""
    for name, value in copy.deepcopy(state).items():
        if name == "rng":
            run.rng.bit_generator.state = value
        else:
            setattr(run, name, value)


# %% [markdown]
# **Predict**: `advance` changes arrays *in place* (`+=`, `*=`). What becomes of a state that holds the arrays
# themselves, if the run goes on?
#
# **Write** `capture`. `copy.deepcopy(value)` copies a dictionary together with the arrays in it.


# %% solution="capture"
def capture(run: SimpleNamespace) -> dict:
    """All of a run that its future depends on, as a dictionary for `put_back`: names of parts, and copies of them.

    The state of the generator stands under "rng"; the settings and the best accuracy so far are parts of it, too. Only
    arrays, numbers, texts, and dictionaries of these: no objects of other kinds. The data are not in it, for every
    session has them. The run itself is not changed, and changes nothing in what was captured when it goes on.
    """
    ### BEGIN SOLUTION
    names = ("settings", "net", "velocity", "order", "position", "step", "best")
    state = {name: copy.deepcopy(getattr(run, name)) for name in names}
    return state | {"rng": run.rng.bit_generator.state}
    ### END SOLUTION


# %%
trial = go_on(begin(settings, data), 10)
state = capture(trial)
twin = begin(settings, data)
put_back(twin, state)
assert distance(go_on(twin, 20), go_on(trial, 20)) == 0.0
assert state["step"] == 10  # the captured state did not move on

# %% check="capture" points=2
check("capture")

# %% [markdown]
# **See it.** A state must become bytes. `pack` puts the arrays into NumPy's `.npz` format, and everything else, as JSON
# text, beside them. In front stands a *checksum*: SHA-256 makes 64 characters of any bytes, and a single changed bit
# changes them all. `unpack` computes it again. If it does not fit, the file is damaged, by a power cut, a full disk, or
# a copy that broke off, and `unpack` raises `OSError`, as Python does for a file that cannot be read.


# %%
def pack(state: dict) -> bytes:
    """A captured state as bytes: the SHA-256 of what follows, a line feed, and an .npz file."""
    arrays, plain = {}, {}
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            arrays[name] = value
        elif isinstance(value, dict) and value and all(isinstance(each, np.ndarray) for each in value.values()):
            arrays |= {f"{name}/{inner}": each for inner, each in value.items()}
        else:
            plain[name] = value
    stream = io.BytesIO()
    np.savez(stream, plain=np.frombuffer(json.dumps(plain).encode(), np.uint8), **arrays)
    return hashlib.sha256(stream.getvalue()).hexdigest().encode() + b"\n" + stream.getvalue()


def unpack(content: bytes) -> dict:
    """The state that `pack` made bytes of. Raises OSError if the checksum does not fit: the file is damaged."""
    checksum, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise OSError("this checkpoint is damaged: its checksum does not fit")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        state = json.loads(archive["plain"].tobytes())
        for name in archive.files:
            outer, _, inner = name.partition("/")
            if inner:
                state.setdefault(outer, {})[inner] = archive[name]
            elif name != "plain":
                state[name] = archive[name]
    return state


# %%
def same_bits(run: SimpleNamespace, other: SimpleNamespace) -> bool:
    """Whether the weights of two runs agree in every bit."""
    return all(run.net[name].tobytes() == other.net[name].tobytes() for name in other.net)


packed = pack(capture(ended))
third = begin(settings, data)
put_back(third, unpack(packed))
print(f"a checkpoint takes {len(packed):,} bytes; the training data would take {data['X'].nbytes + data['t'].nbytes:,}")
print(f"distance of the weights after {total} steps: {distance(go_on(third, total), peaceful)}")
claim("a run that is continued from its whole state ends with exactly the same weights", same_bits(third, peaceful))

# %% [markdown]
# The session ended at the same step as in the beginning, and this time nothing is lost, not even the last bit. What
# remains is to do it without you.

# %% [markdown]
# ## 5. The newest good one
#
# A run writes many checkpoints, `step-000020.ckpt`, `step-000040.ckpt` and so on, into one folder. A new session looks
# for the newest. Three things can be wrong with it:
#
# - **It is damaged.** Then the one before it must do: a few steps are lost, not the run. So keep at least two.
# - **It is not the newest.** The time of a file changes when it is copied to a Drive and back, and names sort as text:
#   `step-1000000` comes before `step-999999`. The *number* in the name decides; `step_of` reads it.
# - **It belongs to another run.** You changed the learning rate and forgot to change the folder. To go on would mix two
#   runs into one that no settings describe; to start afresh would overwrite the old one. Both are worse than stopping:
#   raise a `ValueError` that says which setting differs.
#
# **Predict**: a checkpoint is intact, but of other settings. Should you look at the one before it?
#
# **Write** `newest`. Beware of catching too much: a bare `except` would swallow your own refusal.


# %%
def step_of(path: Path) -> int:
    """The number in a checkpoint's name: 20 for step-000020.ckpt."""
    return int(path.stem.removeprefix("step-"))


# %% solution="newest"
def newest(folder: Path, settings: dict) -> dict | None:
    """The state in the newest checkpoint in `folder` that is not damaged; None if there is none, or no folder.

    Checkpoints are the files step-NUMBER.ckpt, and the largest number is the newest; all other files are ignored.
    A damaged one (`unpack` raises OSError) is passed over, and the one before it is tried. Raises ValueError if the
    settings in the state found are not `settings`; the message names each setting that differs, with both values.
    """
    ### BEGIN SOLUTION
    for path in sorted(folder.glob("step-*.ckpt"), key=step_of, reverse=True):
        try:
            state = unpack(path.read_bytes())
        except OSError as error:
            print(f"{path.name}: {error}; trying the one before it")
            continue
        theirs = state["settings"]
        other = [name for name in sorted(theirs | settings) if theirs.get(name) != settings.get(name)]
        if other:
            differ = ", ".join(f"{name} was {theirs.get(name)} and is now {settings.get(name)}" for name in other)
            raise ValueError(f"{path.name} belongs to another run: {differ}. Use its settings, or another folder.")
        return state
    return None
    ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as folder:
    assert newest(Path(folder), settings) is None
    (Path(folder) / "step-000250.ckpt").write_bytes(packed[:-1])  # a byte is missing
    assert newest(Path(folder), settings) is None
    (Path(folder) / "step-000200.ckpt").write_bytes(packed)
    assert newest(Path(folder), settings)["step"] == ended.step

# %% check="newest" points=2
check("newest")

# %% [markdown]
# **See it.** Damage every single bit of a checkpoint, one at a time (well, a few hundred of them), and see whether one
# slips through. Then ask for it with another learning rate.

# %%
rng, unnoticed = np.random.default_rng(lab.seed), 0
for bit in rng.integers(8 * len(packed), size=300):
    broken = bytearray(packed)
    broken[bit // 8] ^= 1 << (bit % 8)
    try:
        unpack(bytes(broken))
        unnoticed += 1
    except OSError:
        pass
print(f"of 300 checkpoints with one wrong bit, {unnoticed} went unnoticed")
claim("one wrong bit is always noticed", unnoticed == 0)

with tempfile.TemporaryDirectory() as folder:
    write_atomically(Path(folder) / "step-000200.ckpt", packed)
    try:
        newest(Path(folder), settings | {"rate": 0.1, "seed": 7})
    except ValueError as error:
        print(error)

# %% [markdown]
# Would you know from this message alone what to do? That is what an error message is for.

# %% [markdown]
# ## 6. Resume by default
#
# Now the loop. It does not ask whether it is the first session or the tenth: it looks for a checkpoint first, and
# starts afresh only if there is none. After every `every` steps, and after the last one, it saves:
#
# 1. measure the accuracy on the test digits. If it is strictly higher than `run.best`, this state is the best so far:
#    set `run.best`, and write the state to `best.ckpt` *as well*;
# 2. write the state to `step-NUMBER.ckpt`, the number with six digits: `f"step-{run.step:06d}.ckpt"`;
# 3. only then delete the `step-` files that are older than the last two.
#
# The order matters, since a kill may come between any two of these lines. Delete first, and for a moment there may be
# nothing. And if `best.ckpt` came second? The step file would say "the best accuracy so far is 95 %", while the state
# that reached it is not on the disk. After a kill just then, nobody would ever write it: 95 % is not *higher* than
# 95 %.
#
# (To choose the best by the test digits makes their accuracy a little too good; *nn-perceptron* has it among the common
# mistakes. For a lab about files it will do; *nn-mnist* does it properly.)
#
# **Predict**: how many steps does a kill cost at most?
#
# **Write** `train`, with everything that you have: `begin`, `newest`, `put_back`, `advance`, `accuracy`, `capture`,
# `pack`, `write_atomically`, `step_of`.


# %% solution="train"
def train(folder: Path, settings: dict, data: dict, until: int, every: int = 20) -> SimpleNamespace:
    """Train, or go on training, until the run has done `until` steps; its checkpoints lie in `folder`, which is made if needed.

    Saves after each step whose number is a multiple of `every`, and after the last, in the order given above. Afterwards
    the folder holds the two newest files step-NUMBER.ckpt, and best.ckpt. With nothing left to do, it does nothing.
    Returns the run. Raises ValueError, and touches no file, if the newest checkpoint is of other settings.
    """
    ### BEGIN SOLUTION
    folder.mkdir(parents=True, exist_ok=True)
    run, state = begin(settings, data), newest(folder, settings)
    if state is not None:
        put_back(run, state)
    while run.step < until:
        advance(run)
        if run.step % every == 0 or run.step == until:
            score = accuracy(run.net, data["X_new"], data["t_new"])
            is_best, run.best = score > run.best, max(score, run.best)
            checkpoint = pack(capture(run))
            if is_best:
                write_atomically(folder / "best.ckpt", checkpoint)
            write_atomically(folder / f"step-{run.step:06d}.ckpt", checkpoint)
            for old in sorted(folder.glob("step-*.ckpt"), key=step_of)[:-2]:
                old.unlink()
    return run
    ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as folder:
    train(Path(folder), settings, data, until=50)
    resumed = train(Path(folder), settings, data, until=100)
    assert same_bits(resumed, go_on(begin(settings, data), 100))
    assert sorted(path.name for path in Path(folder).iterdir()) == ["best.ckpt", "step-000080.ckpt", "step-000100.ckpt"]

# %% check="train" points=2
check("train")

# %% [markdown]
# ## The proof: kill it
#
# So far every interruption was a polite one. Now a real one. `kill -9` (the signal `SIGKILL`) cannot be caught: the
# process ends between two machine instructions, no `finally` runs, no file is closed. That is what a reclaimed machine
# looks like from inside. `SIGKILL` belongs to Linux and macOS; on Windows, Python's `Popen.kill()` calls
# `TerminateProcess`, which is as rude, so the cells below run there, too.
#
# A process that can be killed needs a program of its own. The next cell writes one: `inspect.getsource` fetches the
# text of your functions, as they stand in this notebook, and they go into a script `train.py`. (If an answer of yours
# needs another import, add it to `HEAD`.) The script reports every step on one line, and rests a millisecond after it,
# so that there is something to kill.

# %%
PARTS = (sigmoid, loss_and_slopes, accuracy, begin, advance, put_back, pack, unpack, step_of)
ANSWERS = (write_atomically, capture, newest, train)
HEAD = """from __future__ import annotations
import copy, hashlib, io, json, os, sys, time
from pathlib import Path
from types import SimpleNamespace
import numpy as np
"""
MAIN = """
step_in_silence = advance
def advance(run):
    step_in_silence(run)
    print("step", run.step, run.loss, flush=True)
    time.sleep(0.001)

settings = json.loads(Path("settings.json").read_text())
with np.load("data.npz") as archive:
    data = dict(archive)
until, every = int(sys.argv[1]), int(sys.argv[2])
if every:
    run = train(Path("saved"), settings, data, until, every)
else:  # in peace: nothing is saved, nothing is resumed
    run = begin(settings, data)
    while run.step < until:
        advance(run)
np.savez("final.npz", **run.net)
"""


# %%
def prepare(folder: Path, settings: dict, data: dict) -> None:
    """Write train.py, made of the functions above, and what it reads: settings.json and data.npz."""
    sources = [inspect.getsource(function) for function in (*PARTS, *ANSWERS)]
    (folder / "train.py").write_text("\n\n".join([HEAD, *sources, MAIN]), encoding="utf-8")
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    np.savez(folder / "data.npz", **data)


# %%
def life(folder: Path, every: int, mark: int | None) -> tuple[list[tuple[int, float]], bool]:
    """Start train.py, and kill it as soon as it reports step `mark` (None: let it finish); every = 0: in peace, without saving.

    Returns the steps that it reported, each with its loss, and whether it was killed before it was done.
    """
    command, seen, struck = [sys.executable, "train.py", str(total), str(every)], [], False
    with open(folder / "errors.txt", "w") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    guard = threading.Timer(50, process.kill)  # whatever happens, nothing of this survives a minute
    guard.start()
    try:
        for line in process.stdout:
            if line.startswith("step "):
                seen.append((int(line.split()[1]), float(line.split()[2])))
                if mark is not None and seen[-1][0] >= mark:
                    process.kill()
                    struck = True
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    if process.returncode and not struck:
        raise RuntimeError("train.py failed by itself, or took too long:\n" + (folder / "errors.txt").read_text())
    return seen, process.returncode != 0


# %% [markdown]
# The kill comes from outside, at no particular moment: the script rests, computes, writes, swaps or deletes something
# when it is hit, and no two executions of this notebook hit it at the same instruction. (If it fails by itself, you see
# its complaint.)
#
# **Predict**: twenty kills, spread over several runs. In how many of the runs will the weights at the end be the right
# ones, to the last bit?


# %%
def final_weights(folder: Path) -> SimpleNamespace:
    """The weights with which train.py ended, in the compartment `net`."""
    with np.load(folder / "final.npz") as archive:
        return SimpleNamespace(net=dict(archive))


def hunted(seed: int, kills: int) -> tuple[list, list, int, bool]:
    """A run of train.py that is killed up to `kills` times and started again each time, until it is done; and one in peace.

    Returns the lives of the first (each a list of steps and losses), the one life of the second, the number of kills, and
    whether both ended with the same bits.
    """
    marks = sorted(np.random.default_rng(seed).choice(np.arange(1, int(0.95 * total)), size=kills, replace=False))
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), settings | {"seed": seed}, data)
        lives = [life(Path(folder), every, mark) for mark in [*marks, None]]
        hunted_weights = final_weights(Path(folder))
        peace, _ = life(Path(folder), 0, None)
        identical = same_bits(hunted_weights, final_weights(Path(folder)))
    return [seen for seen, _ in lives], peace, sum(killed for _, killed in lives), identical


# %%
outcomes, kills = [], 0
while kills < lab.params["kills"] and len(outcomes) < 10:  # a kill that comes too late does not count
    planned = min(lab.params["kills_per_run"], lab.params["kills"] - kills)
    outcomes.append(hunted(1000 + 100 * lab.seed + len(outcomes), planned))
    kills += outcomes[-1][2]
identical = [same for *_, same in outcomes]
print(f"{kills} kills in {len(outcomes)} runs; the weights at the end are the right ones, bit for bit, in {sum(identical)} of them")
record("kills", kills)
record("identical_runs", np.mean(identical))
claim("every run that was killed ended with exactly the weights of an undisturbed one", all(identical))
pairs = [pair for lives, *_ in outcomes for pair in itertools.pairwise(lives) if all(pair)]  # a life and the next one
lost = max(before[-1][0] - after[0][0] + 1 for before, after in pairs)  # steps that had to be done again
claim("no kill cost more steps than there are between two checkpoints", lost <= every)


# %% [markdown]
# Twenty of twenty: what does that prove? Whatever share of kills spoils a run, if it were 14 % or more, twenty kills
# without a spoiled run would happen with a chance of less than $0.86^{20} \approx 5\,\%$. So this count alone says only
# "below 14 %". The checks of the tasks above say more, for they do not leave the moment to chance: they strike right
# after every single call that touches the disk, and in the middle of the bytes.
#
# Now look at one of the runs: the kill with the largest setback, and then all of its lives.


# %%
def show_lives(lives: list[list[tuple[int, float]]], losses: list[float], caption: str, alt: str) -> None:
    """Draw the loss around the kill with the largest setback, on that of the undisturbed run; and the steps of all lives."""
    pairs = [pair for pair in itertools.pairwise(lives) if all(pair)]
    before, after = max(pairs, key=lambda pair: pair[0][-1][0] - pair[1][0][0])
    start, end = max(1, after[0][0] - 20), min(len(losses), before[-1][0] + 20)
    with plot.figure(caption=caption, alt=alt, rows=2, height=5.4) as (above, below):
        above.plot(range(start, end + 1), losses[start - 1 : end], color=plot.NEUTRAL, linewidth=7, alpha=0.35, label="undisturbed")
        for seen, marker, color, name in ((before, "o", plot.COLORS[0], "killed life"), (after, "x", plot.COLORS[1], "next life")):
            steps, values = np.array([pair for pair in seen if start <= pair[0] <= end]).T
            above.plot(steps, values, marker=marker, markersize=5, linewidth=1, color=color, label=name)
        above.set(xlabel="number of the step", ylabel="loss on its batch")
        above.legend()
        done = 0
        for number, seen in enumerate(lives):
            below.plot(range(done, done + len(seen)), [step for step, _ in seen], color=plot.COLORS[number % 5])
            below.axvline(done, color=plot.NEUTRAL, linestyle="--", linewidth=1)
            done += len(seen)
        below.set(xlabel="steps computed, in all lives together", ylabel="number of the step")


# %%
show_lives(
    outcomes[0][0],
    [loss for _, loss in outcomes[0][1]],
    caption="Top: the loss around one kill; the thick line is the run that was never disturbed. Bottom: all lives of the run, one color each.",
    alt="Top: two jagged lines lie exactly on a thick gray one and overlap for some steps. Bottom: rising lines, each starts lower than the last ended.",
)

# %% [markdown]
# Above, the circles end where the process died, and the crosses begin behind the last checkpoint. Where both are, the
# second life computes again what the first had computed already: the same pictures, the same noise, the same loss, on
# the thick line of the run that knows of no interruption. Below, every dashed line is the start of a life, and the drop
# in front of it is the price of a kill. If you want it smaller, save more often; when that no longer pays is an
# exercise.

# %% [markdown]
# ## Experiment: what is lost if one part is forgotten?
#
# Your checkpoint is complete. Most that you will meet are not. So leave out one part at a time, and measure where the
# run ends. For 20 seeds: interrupt a run at a random step between a quarter and three quarters of the way, put its
# state into a fresh run *without the part in question*, train to the end, and compare with the run that was not
# interrupted: the distance of the weights, and the difference of the test accuracies.
#
# **Predict**: order these by the distance that they cause: the velocity of momentum, the generator's state, the place
# in the data (order and position). And which of them will you notice in the accuracy?


# %%
def without(parts: tuple[str, ...], interrupted: SimpleNamespace, undisturbed: SimpleNamespace) -> tuple[float, float]:
    """Forget `parts` of an interrupted run's state, go on to the end; returns the distance of the weights from those of
    the undisturbed run, and test accuracy minus that of the undisturbed run."""
    state = capture(interrupted)
    run = begin(interrupted.settings, data)
    put_back(run, {name: value for name, value in state.items() if name not in parts})
    go_on(run, undisturbed.step)
    scores = [accuracy(each.net, data["X_new"], data["t_new"]) for each in (run, undisturbed)]
    return distance(run, undisturbed), scores[0] - scores[1]


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
FORGOTTEN = {
    "nothing": (),
    "velocity": ("velocity",),
    "generator": ("rng",),
    "place": ("order", "position"),
    "all three": ("velocity", "rng", "order", "position"),
}


def forgetful_runs(seed: int) -> list[tuple[float, float]]:
    """For one seed, and each entry of FORGOTTEN, what `without` returns."""
    own = settings | {"seed": seed}
    cut = int(np.random.default_rng(seed).integers(total // 4, 3 * total // 4))
    interrupted, undisturbed = go_on(begin(own, data), cut), go_on(begin(own, data), total)
    return [without(parts, interrupted, undisturbed) for parts in FORGOTTEN.values()]


# %%
results = np.array([forgetful_runs(seed) for seed in lab.seeds(lab.params["seeds"])])  # (seeds, parts, 2)
far = dict(zip(FORGOTTEN, results[:, :, 0].T, strict=True))
changed = dict(zip(FORGOTTEN, results[:, :, 1].T, strict=True))
for name in FORGOTTEN:
    (low, high), (less, more) = bootstrap_interval(far[name]), bootstrap_interval(changed[name])
    print(f"forgot {name:10s} distance {far[name].mean():6.1%} ({low:.1%} to {high:.1%})   ", end="")
    print(f"accuracy {changed[name].mean():+.2%} ({less:+.2%} to {more:+.2%})")
plot.bars(
    {name: values.mean() for name, values in far.items()},
    errors={name: bootstrap_interval(values) for name, values in far.items()},
    x="what was forgotten at the interruption",
    y="distance of the weights at the end",
    caption="How far from the undisturbed run a forgetful one ends: mean over 20 seeds, with 95 % intervals.",
    alt="Five bars: none at all for nothing forgotten, a small one for the velocity, three tall ones for generator, place, and all three.",
    width=5.6,
)

# %%
record("distance_nothing", far["nothing"].max())
record("distance_velocity", far["velocity"].mean())
record("distance_generator", far["generator"].mean())
record("distance_place", far["place"].mean())
record("accuracy_change", changed["all three"].mean())
claim("with nothing forgotten, the distance is exactly 0 for every seed", np.all(far["nothing"] == 0))
lowest = min(bootstrap_interval(far[name])[0] for name in list(FORGOTTEN)[1:])
claim("each forgotten part takes the weights elsewhere: all intervals lie above 0", lowest > 0)
claim(
    "a forgotten generator or place takes the weights farther than a forgotten velocity: the intervals do not touch",
    min(bootstrap_interval(far[name])[0] for name in ("generator", "place")) > bootstrap_interval(far["velocity"])[1],
)
claim("the mean accuracy changes by less than two percent, whatever is forgotten", max(abs(v.mean()) for v in changed.values()) < 0.02)

# %% [markdown]
# Two lessons. The velocity forgets by itself: after ten or twenty steps it consists of new gradients, so losing it
# costs a stumble. A lost generator or place sends the run down another road for good, as far as if everything but the
# weights had been forgotten. (The place can be lost for free at one moment only: when an epoch has just ended.) And
# **the accuracy does not tell**: look at its column. That is why incomplete checkpoints
# live so long in people's code, and why the test of a checkpoint is never "it still trains well" but "the same bits".
#
# Forgetting can do worse than change a run. A generator that starts again from its seed after every kill deals out the
# *same* order and the *same* noise again and again; a run that is interrupted often enough may never see some of its
# pictures.

# %% [markdown]
# ## Against the real thing
#
# PyTorch saves with `torch.save(state, file)` and reads with `torch.load(file, weights_only=True)`. It takes nested
# dictionaries as they are, so no `pack` is needed; arrays become tensors, PyTorch's arrays.


# %%
def as_tensors(value: object) -> object:
    """`value` with every NumPy array in it, also in dictionaries, turned into a torch tensor."""
    if isinstance(value, dict):
        return {name: as_tensors(each) for name, each in value.items()}
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def as_arrays(value: object) -> object:
    """The way back: every tensor turned into a NumPy array."""
    if isinstance(value, dict):
        return {name: as_arrays(each) for name, each in value.items()}
    return value.numpy() if isinstance(value, torch.Tensor) else value


# %%
file = io.BytesIO()
torch.save(as_tensors(capture(ended)), file)
fourth = begin(settings, data)
put_back(fourth, as_arrays(torch.load(io.BytesIO(file.getvalue()), weights_only=True)))
print(f"your checkpoint takes {len(packed):,} bytes, PyTorch's {len(file.getvalue()):,}")
claim("through torch.save and torch.load the run ends with the same bits", same_bits(go_on(fourth, total), peaceful))

# %% [markdown]
# Why `weights_only=True`? A `.pt` file is a *pickle* inside, Python's own format for objects, and a pickle is not data:
# it is a small program that builds objects, and it may call any function on the way. Here is one that only prints. It
# might as well delete your files or send them away.


# %%
class Stranger:
    """An object whose pickle asks for a function to be called by whoever loads it."""

    def __reduce__(self) -> tuple:
        """What pickle stores: a function, and the arguments to call it with."""
        return print, ("I ran while you were only loading a file",)


# %%
gift = pickle.dumps(Stranger())
pickle.loads(gift)  # never do this with a file that is not your own

refused = 0
disguised_array, disguised_tensors = io.BytesIO(), io.BytesIO()
np.save(disguised_array, np.array([Stranger()], dtype=object), allow_pickle=True)
torch.save({"net": Stranger()}, disguised_tensors)
try:
    np.load(io.BytesIO(disguised_array.getvalue()), allow_pickle=False)
except ValueError as error:
    refused, _ = refused + 1, print("NumPy:", str(error).splitlines()[0])
try:
    torch.load(io.BytesIO(disguised_tensors.getvalue()), weights_only=True)
except pickle.UnpicklingError as error:
    refused, _ = refused + 1, print("PyTorch:", str(error).splitlines()[0][:80])
claim("NumPy without pickle and PyTorch with weights_only refuse the stranger", refused == 2)

# %% [markdown]
# Both refused, and nothing was printed by the gift a second time. These are the defaults today (of NumPy since 1.16.3,
# of PyTorch since 2.6), but `joblib.load`, which scikit-learn's users know, and `pickle.load` itself have no such
# guard. So: checkpoints as arrays and JSON, or as `safetensors` files, and no pickle from strangers. A pickle also
# breaks when you rename a class; arrays with names are read by anything, for decades.
#
# What do the professional tools add? They save in the background while training goes on, and pieces of one model from
# many machines at once (`torch.distributed.checkpoint`). The policies you would recognize: Hugging Face's `Trainer`
# calls them `save_total_limit`, `load_best_model_at_end` and `resume_from_checkpoint`, Lightning's `ModelCheckpoint`
# has `save_last` and `save_top_k`. What `torch.save` does *not* do is write beside and swap: that is left to you.

# %% [markdown] answer="review" points=2
# ## In your own words
#
# A friend trains on Colab and shows you the end of the script. It runs after each epoch; the Drive is mounted, and at
# the start, if the file exists, `net` is loaded from it and `epoch` is set to the number in it.
#
# ```python
# np.savez("/content/drive/MyDrive/run.npz", epoch=epoch, **net)
# ```
#
# 1. Name a moment at which a kill loses *everything*, and say in one or two sentences what must change.
# 2. Suppose no kill ever hits that moment. Name two things that make the resumed run another run than the undisturbed
#    one, and say for each what happens in the first steps after resuming. Your friend answers that the accuracy is the
#    same. Is that an objection?
#
# ### BEGIN SOLUTION
# 1. While `np.savez` writes: it opens the only good file for writing, which empties it, and fills it bit by bit. A kill
#    in between leaves an empty or half file, and there is no other. Write to a second name in the same folder, flush,
#    fsync, then `os.replace`; and keep the one before.
# 2. The velocity starts at zero, so the first steps are shorter than they should be, until it has built up again. The
#    generator starts from its seed, so the next epochs repeat the order (and noise) of the first ones instead of
#    drawing new ones. (Also: settings are not stored, so a changed learning rate goes unnoticed; the best score is
#    forgotten, so a worse state may replace the best.) Equal accuracy is no objection: many different weights reach the
#    same accuracy, and in the experiment above the means hardly differed while the weights did. The run is still not
#    the one that its settings and seed describe, and cannot be reproduced.
#
# *Rubric*: 1 point for the moment of writing (emptied or half file, no other copy) with write-beside-and-swap; half of
# it without naming why nothing is left. 1 point for two missing parts with their consequences and for saying that
# accuracy cannot detect it; half of it if a consequence or the last part is missing.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Saving the weights only.** The rest of the state is small here; with Adam, in week 3, it is twice as large as the
#   weights, and it matters just as much.
# - **The arrays themselves in the state.** Without a copy the "state of step 200" moves on with the run, unless it is
#   turned into bytes at once.
# - **The seed instead of the generator's state.** `default_rng(seed)` is the state at step 0, not at step 200.
# - **`flush` after `fsync`, or none.** `fsync` can only write what the operating system has been given.
# - **The temporary file in another folder.** On another disk, `os.replace` fails; `shutil.move` then *copies*, and a
#   copy is not atomic.
# - **`except Exception: start afresh`.** Then the first surprise overwrites the run that you wanted to save.
# - **A folder called `checkpoints` on Paperspace.** Its documentation reserves that name in `/notebooks` for Jupyter.
# - **Expecting the same bits on another machine.** Its processor, its libraries, or an environment variable that they
#   read may add the same numbers in another order; on GPUs that happens even from one run to the next. Exactness on one
#   machine is a test of your checkpoint; between machines, expect agreement up to rounding.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: it is about files and processes, and these are the same beside an H100. What grows
# is the state. Training with Adam keeps 12 bytes per parameter: 1.5 GB for GPT-2 small, minutes for a model of a
# cluster. Then you no longer wait for the disk: a copy goes to the computer's memory, and a thread writes it while
# training continues. PyTorch also has generators of its own, one for the CPU and one for each GPU
# (`torch.get_rng_state`, `torch.cuda.get_rng_state_all`), and workers that load data ahead of time; all of them are
# state. You will meet them in *torch-first-cloud-run*. And on a GPU the same bits twice must be asked for
# (`torch.use_deterministic_algorithms`), because thousands of units add numbers in the order in which they finish.
#
# ## Exercises
#
# 1. [conceptual] A save takes 0.5 s and sessions last two hours on average before they are killed. Young (1974): the
#    least time is lost with about $\sqrt{2CM}$ seconds between saves, for a save of $C$ seconds and sessions of $M$
#    seconds. Derive it: per second, saving costs $C/T$ and a kill costs $T/2$ every $M$ seconds; minimize the sum over
#    $T$. *Success*: your interval is 85 s, give or take one, and you can say what share of the time is lost.
# 2. [short-code] Be polite to SLURM: install a handler with `signal.signal(signal.SIGTERM, ...)` that only sets a flag;
#    let `train` look at it after each step, save, and return. *Success*: after `process.terminate()` (on Linux and
#    macOS) the newest checkpoint is of the very last step that the script reported.
# 3. [short-code] Let `where_am_i` know one more place, SageMaker Studio Lab or GitHub Codespaces; find out what it sets
#    and what survives there. *Success*: a test with a made-up `environ` for the new place, and all old tests still
#    hold.
# 4. [extended] The order of an epoch is the largest part of the checkpoint that is not a weight. Do without it: keep
#    the generator's state from the *start* of the epoch, and draw the order again when resuming. *Success*: the
#    checkpoint is smaller by about the size of `run.order`, and the runs of the proof still end with the same bits.
# 5. [extended] A power cut may also forget the *name*: after `os.replace`, the folder itself must reach the disk. On
#    Linux and macOS, open the folder with `os.open(folder, os.O_RDONLY)`, `fsync` it and close it. Measure what each of
#    the two calls of `fsync` costs per save. *Success*: a table of milliseconds per save for no, one and two calls, for
#    files of 10 kB and 10 MB, and a sentence on when you would leave which of them out.
#
# ## References
#
# - Environment variables: Kaggle's library, `kagglehub`, tells Kaggle by `KAGGLE_KERNEL_RUN_TYPE`; that Colab's tag is
#   set on Kaggle, too, is its pull request 230 (2025), <https://github.com/Kaggle/kagglehub/pull/230>. Paperspace,
#   *Notebooks: Storage Architecture*,
#   <https://docs.paperspace.com/products/paperspace/notebooks/details/storage-architecture/>, on `/notebooks` and
#   `/storage`; its variable we know from other libraries only, hence the second sign. SLURM: `sbatch`, section *Output
#   Environment Variables*, <https://slurm.schedmd.com/sbatch.html>, and `KillWait` in
#   <https://slurm.schedmd.com/slurm.conf.html>.
# - GPUs too old for today's PyTorch: PyTorch issue 172352 (2026), <https://github.com/pytorch/pytorch/issues/172352>,
#   and Kaggle's answer about the P100 (July 2026), <https://github.com/Kaggle/kaggle-cli/issues/1151>.
# - P. Micikevicius and others (2018). *Mixed precision training.* ICLR. <https://arxiv.org/abs/1710.03740>. Section 3:
#   what `float16` loses. D. Kalamkar and others (2019). *A study of bfloat16 for deep learning training.*
#   <https://arxiv.org/abs/1905.12322>.
# - T. S. Pillai and others (2014). *All file systems are not created equal: on the complexity of crafting
#   crash-consistent applications.* OSDI, 433–448. What real programs get wrong between `write` and `rename`.
# - J. W. Young (1974). *A first order approximation to the optimum checkpoint interval.* Communications of the ACM
#   17(9), 530–531. <https://doi.org/10.1145/361147.361115>.
# - Python, `os.replace`: <https://docs.python.org/3/library/os.html#os.replace>; the warning on top of `pickle`:
#   <https://docs.python.org/3/library/pickle.html>. NumPy, `numpy.load`, on `allow_pickle`:
#   <https://numpy.org/doc/stable/reference/generated/numpy.load.html>. PyTorch, `torch.load`, on `weights_only`:
#   <https://docs.pytorch.org/docs/stable/generated/torch.load.html>. The data are those of *nn-perceptron*.
