# %% [markdown]
# # Tracking experiments
#
# It is Monday, and on your screen stands a number from Friday: 96.5 %. Which settings made it? Which version of the code?
# Were there other runs, and did you keep the best of them? In this lab you build what answers such questions: a run
# logger that loses nothing when the machine dies, one interface with your own files, Weights & Biases and MLflow behind
# it, and a sweep that can be interrupted at any time. Then you ask the sweep the question that most reports forget:
# **you tried twelve settings and kept the best. How much of its lead is skill, and how much is luck?**

# %% [markdown]
# ## You will learn
#
# - to write a run down while it happens, one line a step, so that a crash takes no logged step with it;
# - to read runs back, and to tell a finished run from a failed one and from one that died;
# - to put several trackers behind one interface, so that a broken one cannot stop the training;
# - to draw settings at random, on the right scale, and to run a sweep that goes on where it was interrupted;
# - to compare the runs in one table, and to measure how much choosing the best flatters it.
#
# ## You need
#
# Classes, `with` blocks and exceptions in Python. From the lab *setup-environment* you know `flush`, `fsync` and
# `kill -9`; from *nn-perceptron* the bootstrap interval; from *nn-mnist* why there is a validation set beside the test
# set. The page of this week says what a run must write down, and why. No account and no network are needed: nothing
# leaves your machine.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import binascii
import functools
import hashlib
import importlib
import inspect
import itertools
import json
import logging
import math
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import scratchlab
from scratchlab import plot

# Both trackers report to their makers unless told not to, and they read these switches when they are imported: so this stands first.
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", WANDB_ERROR_REPORTING="false")
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")

lab = scratchlab.start("ops-tracking", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: twelve runs, one memory
#
# The subject of the experiments is a small network that reads scikit-learn's digits: 64 pixels, one hidden layer, ten
# scores, trained by gradient descent with momentum. You built all of this in *nn-xor* and *nn-micrograd*; here it is
# only something to run, and it runs in a few milliseconds. The digits are split in three: 600 to train on, 200 for
# validation, that is, for choosing settings, and the other 997 for the test.


# %%
@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits: pixels from 0 to 1, shape (1797, 64), and labels 0 to 9, shape (1797,)."""
    pixels, label = load_digits(return_X_y=True)
    return pixels / 16, label


def split_digits(split: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The parts train (600 digits), valid (200) and test (997) of a random split, each as (pixels, labels)."""
    pixels, label = digits()
    order = np.random.default_rng(split).permutation(len(label))
    rows = {"train": order[:600], "valid": order[600:800], "test": order[800:]}
    return {part: (pixels[chosen], label[chosen]) for part, chosen in rows.items()}


def forward(net: dict, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden values (n, width) and class probabilities (n, 10) for pixels x, (n, 64)."""
    hidden = np.tanh(x @ net["W1"] + net["b1"])
    scores = hidden @ net["W2"] + net["b2"]
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return hidden, exps / exps.sum(axis=1, keepdims=True)


def accuracy(net: dict, x: np.ndarray, label: np.ndarray) -> float:
    """The share of digits that the network reads rightly."""
    return float(np.mean(forward(net, x)[1].argmax(axis=1) == label))


# %% [markdown]
# A training run must not care where its numbers go. So it talks to a *tracker*, which can do two things: take the
# metrics of a step, and end. The class below is the interface, and at the same time the simplest tracker of all: it
# keeps nothing. In a `with` block a tracker ends by itself, as "finished", or as "failed" if an error leaves the block.


# %%
class Tracker:
    """Where a run writes what it measures. This one keeps nothing; the others are made from it."""

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Take the metrics of one step."""

    def finish(self, status: str) -> None:
        """End the run, as "finished" or "failed". Nothing is logged after it."""

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, kind, error, trace) -> None:
        self.finish("finished" if kind is None else "failed")


# %%
def train(config: dict, tracker: Tracker) -> dict[str, np.ndarray]:
    """Train a network as `config` says (split, seed, epochs, width, rate, momentum, decay), logging every epoch; returns it."""
    parts = split_digits(config["split"])
    (x, label), width, rng = parts["train"], config["width"], np.random.default_rng(config["seed"])
    net = {"W1": rng.normal(0, 64**-0.5, (64, width)), "b1": np.zeros(width)}
    net |= {"W2": rng.normal(0, width**-0.5, (width, 10)), "b2": np.zeros(10)}
    velocity = {name: np.zeros_like(part) for name, part in net.items()}
    for epoch in range(config["epochs"]):
        batches = np.array_split(rng.permutation(len(x)), len(x) // 50)
        losses = [descend(net, velocity, x[rows], np.eye(10)[label[rows]], config) for rows in batches]
        tracker.log(epoch, {"loss": np.mean(losses), "valid_accuracy": accuracy(net, *parts["valid"])})
    return net


def descend(net: dict, velocity: dict, x: np.ndarray, wanted: np.ndarray, config: dict) -> float:
    """One step of gradient descent with momentum, in place, on pixels (n, 64) and one-hot labels (n, 10); returns the loss."""
    hidden, p = forward(net, x)
    d_scores = (p - wanted) / len(x)
    d_hidden = d_scores @ net["W2"].T * (1 - hidden**2)
    slopes = {"W1": x.T @ d_hidden, "b1": d_hidden.sum(0), "W2": hidden.T @ d_scores, "b2": d_scores.sum(0)}
    for name in ("W1", "W2"):
        slopes[name] += config["decay"] * net[name]
    for name in net:
        velocity[name] = config["momentum"] * velocity[name] - config["rate"] * slopes[name]
        net[name] += velocity[name]
    return float(-np.log(np.maximum(p[wanted == 1], 1e-300)).mean())


# %% [markdown]
# What most of us do first is print.


# %%
class Printer(Tracker):
    """A tracker that prints."""

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Print the metrics of one step."""
        print(f"epoch {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in metrics.items()))


# %%
config = {"split": lab.seed, "seed": lab.seed, "epochs": 8, "width": 16, "rate": 0.2, "momentum": 0.8, "decay": 1e-4}
with Printer() as tracker:
    net = train(config, tracker)

# %% [markdown]
# Now change `rate` and run the cell again: the first result is gone. Do it twelve times, and what is left is a number on
# a slip of paper. What belongs on the slip, the page of this week says in a table: the settings with the seed, the
# version of the code, the data, the environment, the metrics of each step, and how it ended. The first part is known
# before the first step. Here it is.


# %%
def git(*words: str) -> str | None:
    """What git answers, or None where there is no git or no repository."""
    try:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def environment() -> dict:
    """What a run depends on besides its settings: the versions, the code (commit; were files changed since?) and the data."""
    status = git("status", "--porcelain")
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "commit": git("rev-parse", "HEAD"),
        "changed": None if status is None else status != "",
        "data": hashlib.sha256(np.ascontiguousarray(digits()[0]).tobytes()).hexdigest(),
    }


# %%
here = environment()
print(f"recorded: {', '.join(here)}; the data are {here['data'][:12]}...")

# %% [markdown]
# ## 1. Write it down while it happens
#
# Your logger keeps one file a run, `run.jsonl`: *JSON lines*, each line one JSON object, each appended and never
# touched again. There are three kinds:
#
# ```text
# {"event": "start", "config": {"rate": 0.2, ...}, "environment": {"python": ...}}
# {"event": "log", "step": 0, "metrics": {"loss": 1.52, "valid_accuracy": 0.81}}
# {"event": "end", "status": "finished"}
# ```
#
# Why not collect everything in a dictionary and write it at the end? Because the runs that you need to understand are
# those that never reach their end. So the settings are written *before* the first step, and each step at once. At once
# means: `flush()` after every line, or Python keeps the line in its own memory, which dies with the process. What was
# flushed survives the death of the process; what was also synced (`os.fsync`) survives a power cut. Syncing can take
# milliseconds, so it is done only when asked for: `durable=True`.
#
# Two details. JSON knows Python's `int` and `float`, but not NumPy's `float32`: make every metric a `float`. And NaN is
# a legal value: the step at which a loss became NaN is the one you will look for. (Python writes it as `NaN`, an
# extension of JSON that Python reads back.)
#
# **Predict**: 60 steps are logged, then the process is killed. How many of them are in the file if nobody ever called
# `flush`?
#
# **Write** `Run`, a tracker with a file. Its folder must be new: `folder.mkdir(parents=True)` raises `FileExistsError`
# if it exists, and that is what you want, for two runs in one file are no record of either.


# %% solution="run"
class Run(Tracker):
    """A run that writes itself down in `folder`/run.jsonl, one line an event, each line flushed at once.

    The folder is made, and must not exist before (FileExistsError). The first line holds config and environment and is there
    before any step. durable=True also syncs each line to the disk (os.fsync).
    Define log(self, step, metrics): writes one "log" line; the step as an int, every metric as a float, NaN and infinities too.
    Define finish(self, status): writes the "end" line and closes the file; whoever logs after it gets ValueError.
    """

    def __init__(self, folder: Path, config: dict, environment: dict, durable: bool = False):
        ### BEGIN SOLUTION
        folder.mkdir(parents=True)
        self.durable = durable
        self.file = open(folder / "run.jsonl", "x", encoding="utf-8")  # noqa: SIM115 - it stays open as long as the run lasts
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Write the metrics of one step."""
        self.write({"event": "log", "step": int(step), "metrics": {name: float(value) for name, value in metrics.items()}})

    def finish(self, status: str) -> None:
        """Write the end, and close."""
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry: dict) -> None:
        """Append one line and hand it to the operating system."""
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        if self.durable:
            os.fsync(self.file.fileno())
        ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as folder:
    run = Run(Path(folder) / "first", {"rate": 0.5}, {})
    run.log(0, {"loss": np.float32(0.25)})
    lines = (Path(folder) / "first" / "run.jsonl").read_text().splitlines()  # the run still goes on
    assert json.loads(lines[0])["config"] == {"rate": 0.5} and json.loads(lines[1])["metrics"] == {"loss": 0.25}
    run.finish("finished")

# %% check="run" points=2
check("run")

# %% [markdown]
# **See it.** The file of a real run, while it is still going on: a `with` block that stops in the middle to look.

# %%
with tempfile.TemporaryDirectory() as folder, Run(Path(folder) / "digits", config, {"python": platform.python_version()}) as run:
    train(config | {"epochs": 3}, run)
    print((Path(folder) / "digits" / "run.jsonl").read_text())

# %% [markdown]
# Every line can be read by itself, with any tool, even with your eyes. That is worth more than a compact format, until
# runs have millions of steps.

# %% [markdown]
# ## 2. Read it back, whatever happened
#
# A reader meets three kinds of file. A run that ended says so in its last line: "finished" or "failed". A run that was
# killed says nothing, for the dead do not write; *the missing end line is the message*. Such a run counts as "crashed".
# (One that still goes on looks the same. Exercise 4 tells them apart.)
#
# A kill can also strike in the middle of a write, and then the file ends with half a line, perhaps even with half a
# character. That half is no step that was logged, and it must not cost you the whole steps before it. The rule that
# makes this easy: *a line is complete when its newline is there*. Whatever stands after the last newline is left out.
#
# Damage elsewhere is another matter. No kill leaves a broken line in the middle of a file to which lines are only
# appended; a bad disk or a careless editor does. Then the honest answer is an error that names the line, not a curve
# with a hole.
#
# **Predict**: a file is cut in the middle of its *first* line. What are the run's settings?
#
# **Write** `read_run`. Read bytes (`read_bytes`) and split at `b"\n"`, so that half a character does no harm;
# `json.loads` takes bytes.


# %% solution="read"
def read_run(folder: Path) -> dict:
    """Read `folder`/run.jsonl back, also after a crash.

    Returns {"config": ..., "environment": ..., "metrics": {name: [(step, value), ...]}, "status": ...}; the pairs are in the
    order in which they were logged. The status is that of the "end" line, or "crashed" without one. What stands after the last
    newline is left out; config and environment are None if not even the first line is complete. A complete line that is not
    JSON raises ValueError with the number of the line (1, 2, ...).
    """
    ### BEGIN SOLUTION
    found = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
    *lines, _cut = (folder / "run.jsonl").read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} of {folder / 'run.jsonl'} is damaged: {error}") from error
        if entry["event"] == "start":
            found |= {"config": entry["config"], "environment": entry["environment"]}
        elif entry["event"] == "log":
            for name, value in entry["metrics"].items():
                found["metrics"].setdefault(name, []).append((entry["step"], value))
        else:
            found["status"] = entry["status"]
    return found
    ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as folder:
    cut = b'{"event": "start", "config": {"rate": 0.5}, "environment": {}}\n{"event": "log", "step": 0, "metrics": {"loss": 0.25}}\n{"event": "lo'
    (Path(folder) / "run.jsonl").write_bytes(cut)
    assert read_run(Path(folder)) == {"config": {"rate": 0.5}, "environment": {}, "metrics": {"loss": [(0, 0.25)]}, "status": "crashed"}

# %% check="read" points=2
check("read")

# %% [markdown]
# **See it.** A real crash. The cell below writes a program that logs a step every millisecond, and reports each step on
# its output *after* it was logged. Each program is killed with `kill -9` (`SIGKILL`; on Windows, `TerminateProcess`) as
# soon as it reports a step drawn at random, and whatever it reported has to be in its file. Half of the programs use your
# `Run`. The other half use `Hasty`, the same without `flush`. (If your answer needs another import, add it to `PROGRAM`.)


# %%
class Hasty(Tracker):
    """Writes lines as Run does, but leaves it to Python when they reach the file."""

    def __init__(self, folder: Path, config: dict, environment: dict):
        folder.mkdir(parents=True)
        self.file = open(folder / "run.jsonl", "x", encoding="utf-8")  # noqa: SIM115
        self.file.write(json.dumps({"event": "start", "config": config, "environment": environment}) + "\n")

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Write one step, sometime."""
        self.file.write(json.dumps({"event": "log", "step": step, "metrics": metrics}) + "\n")

    def finish(self, status: str) -> None:
        """Write the end."""
        self.file.write(json.dumps({"event": "end", "status": status}) + "\n")
        self.file.close()


# %%
PROGRAM = """from __future__ import annotations
import dataclasses, io, json, os, time
from pathlib import Path

{classes}

with {name}(Path("run"), {{"rate": 0.5}}, {{}}) as run:
    for step in range(100_000):
        run.log(step, {{"loss": 1 / (step + 1)}})
        print(step, flush=True)
        time.sleep(0.001)
"""


# %%
def text_of(made: type) -> str:
    """The text of a class: its methods, one after the other. (inspect cannot show a whole class that was typed into a notebook.)"""
    methods = [inspect.getsource(part) for part in vars(made).values() if inspect.isfunction(part)]
    base = "" if made is Tracker else "(Tracker)"
    return f"class {made.__name__}{base}:\n" + "\n".join(methods)


def killed_at(mark: int, made: type) -> tuple[int, dict]:
    """Run PROGRAM with a tracker class until it reports step `mark`, and kill it; returns its last report and what its file says."""
    with tempfile.TemporaryDirectory() as folder:
        text = PROGRAM.format(classes=text_of(Tracker) + "\n\n" + text_of(made), name=made.__name__)
        process = subprocess.Popen([sys.executable, "-c", text], cwd=folder, stdout=subprocess.PIPE, text=True)
        guard = threading.Timer(30, process.kill)  # whatever happens, nothing of this survives half a minute
        guard.start()
        try:
            for line in process.stdout:
                if int(line) >= mark:
                    process.kill()
                    break
            rest = process.stdout.read().split("\n")[:-1]  # what it still said before it died
        finally:
            guard.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        return int((rest or [line])[-1]), read_run(Path(folder) / "run")


# %%
marks = np.random.default_rng(lab.seed).integers(5, 60, size=lab.params["kills"])
missing = {"Run": 0, "Hasty": 0}
said, statuses = dict(missing), set()
for made, mark in itertools.product((Run, Hasty), marks):
    last, found = killed_at(int(mark), made)
    kept = {step for step, _ in found["metrics"].get("loss", [])}
    missing[made.__name__] += sum(step not in kept for step in range(last + 1))
    said[made.__name__] += last + 1
    statuses.add(found["status"])
for name in missing:
    print(f"{name:5s}: {len(marks)} programs killed; of the steps that they reported, {missing[name] / said[name]:.0%} are missing")

# %%
record("lost_steps", missing["Run"])
record("lost_share_without_flush", missing["Hasty"] / said["Hasty"])
claim("a killed run keeps every step that it had logged", missing["Run"] == 0)
claim("every killed run reads back as crashed", statuses == {"crashed"})

# %% [markdown]
# Compare with your prediction. Without `flush`, Python collects eight thousand bytes or more before it writes any, and
# these short runs never got that far. Even their settings are gone. Nothing in the program looked wrong, and if it is
# not killed, the file is perfect.

# %% [markdown]
# ## 3. One interface, several stores
#
# Now suppose that a run should go to three places: your file, the Weights & Biases of your team, and the MLflow of your
# institute. The training code must not know. So you build a tracker that is made of trackers and hands everything on.
#
# And then, at step 40,000, the network goes down, and one of the three raises. What should happen? The training has cost
# three days; it must not end because a *log* could not be written. And the other two stores must not miss a step. So
# each store is called in a `try` of its own, and the failure is written down, not thrown away: silence is how you find
# out weeks later. The store is called again at the next step, for networks come back.
#
# There are two limits to this patience. Catch `Exception` and not `BaseException`: when you press Ctrl-C, that raises
# `KeyboardInterrupt`, which is addressed to the whole program. And if *no* store took it, there is no record at all, and
# going on is a waste: then raise `RuntimeError`.
#
# **Predict**: one of the stores rounds every metric it is given, *in the dictionary itself*. What do the stores after it
# see?
#
# **Write** `FanOut`. Give each store a dictionary of its own: `dict(metrics)` is a copy.


# %% solution="fan-out"
class FanOut(Tracker):
    """A tracker that hands everything to several `stores` (names and trackers), in their order.

    Define log and finish: both call every store; log gives each a copy of the metrics of its own. An Exception of a store stops
    nobody: repr(error) is appended to self.failures[name], a list that is there from the beginning, and the store is called
    again the next time. Only if every store raises in the same call, RuntimeError is raised.
    """

    def __init__(self, stores: dict[str, Tracker]):
        ### BEGIN SOLUTION
        self.stores = stores
        self.failures: dict[str, list[str]] = {name: [] for name in stores}

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Log the step in every store."""
        self._each(lambda store: store.log(step, dict(metrics)))

    def finish(self, status: str) -> None:
        """End every store's run."""
        self._each(lambda store: store.finish(status))

    def _each(self, call: Callable[[Tracker], None]) -> None:
        taken = 0
        for name, store in self.stores.items():
            try:
                call(store)
                taken += 1
            except Exception as error:
                self.failures[name].append(repr(error))
        if not taken:
            raise RuntimeError(f"no store took it: {self.failures}")
        ### END SOLUTION


# %%
class Offline(Tracker):
    """A tracker whose server is not there."""

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Fail, as a call over a broken network does."""
        raise ConnectionError("the server does not answer")


# %%
fan = FanOut({"screen": Printer(), "server": Offline()})
fan.log(0, {"loss": 0.25})
assert fan.failures == {"screen": [], "server": ["ConnectionError('the server does not answer')"]}
try:
    FanOut({"server": Offline()}).log(0, {"loss": 0.25})
    raise AssertionError("nobody took it, and nobody noticed")
except RuntimeError as error:
    print(error)

# %% check="fan-out" points=2
check("fan-out")

# %% [markdown]
# **See it.** A training with a server that comes and goes.


# %%
class Flaky(Offline):
    """A tracker whose server is away at every third step."""

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Fail at the steps 0, 3, 6, ..."""
        if step % 3 == 0:
            super().log(step, metrics)


# %%
with tempfile.TemporaryDirectory() as folder:
    fan = FanOut({"file": Run(Path(folder) / "run", config, {}), "server": Flaky()})
    with fan:
        train(config, fan)
    found = read_run(Path(folder) / "run")
print(f"the file: {found['status']}, {len(found['metrics']['loss'])} of {config['epochs']} epochs")
print(f"the server: failed {len(fan.failures['server'])} times, the first time with {fan.failures['server'][0]}")
claim("a store that fails costs the others no step", len(found["metrics"]["loss"]) == config["epochs"] and len(fan.failures["server"]) == 3)

# %% [markdown]
# ## 4. An adapter
#
# A library has its own idea of a run. What translates it into yours is an *adapter*: a few lines that know both sides.
# Here is the one for Weights & Biases (W&B, `wandb`), complete. A run of W&B takes the metrics of a step as a dictionary
# and ends with an exit code, as programs do: 0 for success.


# %%
class WandbTracker(Tracker):
    """Passes a run on to a run of Weights & Biases, as wandb.init() returns it (it has got the settings already)."""

    def __init__(self, run):
        self.run = run

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Log one step, under its own number: without `step=`, W&B would count by itself."""
        self.run.log(metrics, step=step)

    def finish(self, status: str) -> None:
        """End the run; a failed one gets exit code 1."""
        self.run.finish(exit_code=0 if status == "finished" else 1)


# %% [markdown]
# MLflow speaks another dialect. Its `MlflowClient` has no run object with methods; you keep a run's id and name it in
# every call. These are the calls that you need:
#
# | call | meaning |
# | --- | --- |
# | `client.create_run(experiment_id).info.run_id` | begin a run; its id, a string |
# | `client.log_param(run_id, name, text)` | one setting, kept as text |
# | `client.log_metric(run_id, name, value, step=step)` | one metric of one step |
# | `client.set_terminated(run_id, status)` | the end: `"FINISHED"`, `"FAILED"` |
#
# Parameters are kept as text, so a rate of 0.1 comes back as `"0.1"`, and `None` as `"None"`. Send
# `json.dumps(value)`, and `json.loads` will restore what you had.
#
# **Predict**: `log_metric` without `step=` works, too. At which step will MLflow draw your points?
#
# **Write** `MLflowTracker`.


# %% solution="adapter"
class MLflowTracker(Tracker):
    """Passes a run on to MLflow. Begins a run in the experiment at once and writes every setting as a parameter (JSON text).

    client: an MlflowClient, or anything with the four calls above. Its run's id is kept as `self.run_id`.
    Define log(self, step, metrics): each metric, under its step. Define finish(self, status): MLflow's word for the status,
    which is ours in capital letters.
    """

    def __init__(self, client, experiment_id: str, config: dict):
        ### BEGIN SOLUTION
        self.client = client
        self.run_id = client.create_run(experiment_id).info.run_id
        for name, value in config.items():
            client.log_param(self.run_id, name, json.dumps(value))

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Log every metric of one step."""
        for name, value in metrics.items():
            self.client.log_metric(self.run_id, name, value, step=step)

    def finish(self, status: str) -> None:
        """End the run."""
        self.client.set_terminated(self.run_id, status.upper())
        ### END SOLUTION


# %%
class Told:
    """Stands in for a client of MLflow: whatever is called, it writes down the call."""

    def __init__(self):
        self.calls = []
        self.info = type("Info", (), {"run_id": "run-1"})()

    def __getattr__(self, name: str) -> Callable:
        return lambda *args, **named: self.calls.append((name, *args, *named.values())) or self


# %%
told = Told()
with MLflowTracker(told, "7", {"rate": 0.1}) as tracker:
    tracker.log(3, {"loss": 0.25})
print(*told.calls, sep="\n")
assert told.calls[0] == ("create_run", "7") and told.calls[1] == ("log_param", "run-1", "rate", "0.1")
assert told.calls[2] == ("log_metric", "run-1", "loss", 0.25, 3) and told.calls[3] == ("set_terminated", "run-1", "FINISHED")

# %% check="adapter" points=1
check("adapter")

# %% [markdown]
# The stand-in is a useful trick by itself: you can test an adapter in a millisecond, without a server, and see exactly
# what it says. Whether the library *understands* it is a different question, and you will answer it below with the real
# ones.

# %% [markdown]
# ## 5. Draw the settings
#
# A *sweep* is many runs with different settings. A *grid* combines a few values of each setting with each other. Random
# search draws every setting anew for every run, and so tries as many different values of *each* setting as there are
# runs (the page of this week shows why that wins when only few settings matter).
#
# A setting's range is one of three kinds:
#
# - `("even", low, high)`: every value between is as likely as any other;
# - `("log", low, high)`: evenly on a *logarithmic* scale, $\log v \sim \mathcal{U}(\log \text{low}, \log \text{high})$,
#   for settings whose *factor* matters: from 0.01 to 0.1 is as far as from 0.1 to 1;
# - a list: one of its entries.
#
# **Predict**: rates between 0.001 and 1, drawn *evenly*. Of a hundred draws, how many are below 0.1?
#
# **Write** `draw`. Return Python's own numbers (`float(...)`; entries of a list as they are), since the settings will be
# written as JSON.


# %% solution="draw"
def draw(space: dict, rng: np.random.Generator) -> dict:
    """Draw one value for every setting of `space`, with `rng`.

    space: maps a name to ("even", low, high), to ("log", low, high) or to a list of values, which are equally likely.
    Returns a new dictionary with the same names, in the same order: floats for the first two kinds, an entry of the list itself
    for the third.
    """
    ### BEGIN SOLUTION
    drawn = {}
    for name, values in space.items():
        if isinstance(values, list):
            drawn[name] = values[rng.integers(len(values))]
        else:
            scale, low, high = values
            drawn[name] = float(rng.uniform(low, high)) if scale == "even" else math.exp(rng.uniform(math.log(low), math.log(high)))
    return drawn
    ### END SOLUTION


# %%
SPACE = {
    "rate": ("log", 0.1, 1.0),
    "width": [16, 32, 64],
    "momentum": ("even", 0.0, 0.9),
    "decay": ("log", 1e-5, 1e-2),
}


def grid(space: dict, points: dict[str, int]) -> list[dict]:
    """All combinations of some values of every setting: `points` says how many of each; ranges are cut evenly on their scale."""
    values = {}
    for name, kind in space.items():
        if isinstance(kind, list):
            values[name] = kind[: points[name]]
        else:
            cut = np.geomspace if kind[0] == "log" else np.linspace
            values[name] = [float(value) for value in cut(*kind[1:], points[name])]
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


# %%
assert set(draw(SPACE, np.random.default_rng(0))) == set(SPACE)
assert len(grid(SPACE, {"rate": 3, "width": 2, "momentum": 2, "decay": 1})) == 12

# %% check="draw" points=1
check("draw")

# %% [markdown]
# **See it.** Twelve runs, once as a grid and once at random. How many different rates does each try?


# %%
def show_layouts(layouts: dict[str, list[dict]], caption: str, alt: str) -> None:
    """Draw the rate and the momentum of every run, one panel a layout."""
    with plot.figure(caption=caption, alt=alt, columns=2, width=7.0, height=3.2) as axes:
        for ax, (name, configs), marker in zip(axes, layouts.items(), "so", strict=True):
            ax.scatter([each["rate"] for each in configs], [each["momentum"] for each in configs], marker=marker, alpha=0.75, s=36)
            ax.set(title=name, xscale="log", xlabel="rate", ylabel="momentum", xlim=(0.085, 1.18), ylim=(-0.05, 0.95))
            ax.set_xticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
            ax.minorticks_off()


# %%
draws = [draw(SPACE, np.random.default_rng([lab.seed, number])) for number in range(12)]
layouts = {"a grid": grid(SPACE, {"rate": 3, "width": 2, "momentum": 2, "decay": 1}), "random draws": draws}
for name, configs in layouts.items():
    print(f"{name:12s}: {len(configs)} runs, {len({each['rate'] for each in configs})} different rates")
show_layouts(
    layouts,
    caption="Twelve runs in the plane of rate and momentum: a grid of 3 rates, 2 widths, 2 momenta and 1 decay, and random draws.",
    alt="Left, twelve grid runs lie on only six points, two on each; right, twelve random runs lie on twelve different points.",
)

# %% [markdown]
# On the left only six points are visible: the two widths of each lie on top of each other. If the width does not matter,
# half of the computing was wasted.

# %% [markdown]
# ## 6. A sweep that can be interrupted
#
# Each run of the sweep gets a folder. Its name is computed from the settings, by hashing them: so the same settings
# always lead to the same folder, and a run with other settings can never be taken for it, whatever the order of the list
# and however often the list is changed.


# %%
def run_name(config: dict) -> str:
    """The name of a run: ten letters and digits that stand for exactly these settings."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:10]


def set_aside(place: Path) -> None:
    """Rename a run's folder, if there is one, to NAME.try-1, NAME.try-2, ...: the record of an attempt that did not finish."""
    if place.exists():
        number = next(n for n in itertools.count(1) if not place.with_name(f"{place.name}.try-{n}").exists())
        place.rename(place.with_name(f"{place.name}.try-{number}"))


# %% [markdown]
# The sweep goes through the settings, one after the other, and asks for each: does its folder hold a *finished* run? Then
# there is nothing to do. Otherwise what is there, a crashed or failed attempt, is set aside (and kept: how often you tried
# belongs to the result), and the run is made anew. Steps of two attempts in one record would be worse than none.
#
# A run that fails by itself, with an exception, must not end the sweep: it is recorded as failed (the `with` block does
# that), and the next one begins. Again `Exception` is the right net; Ctrl-C goes through, and the next call of `sweep`
# continues.
#
# What opens a tracker is an argument, `start(folder, config)`. So the same sweep can write into one store or into three.
#
# **Predict**: a sweep of twelve runs is interrupted in the middle of the fifth. How many trainings does the second call
# of `sweep` make?
#
# **Write** `sweep`. `read_run` says how a run ended; a folder that does not exist has none.


# %% solution="sweep"
def sweep(
    folder: Path, configs: list[dict], train: Callable[[dict, Tracker], object], start: Callable[[Path, dict], Tracker]
) -> list[dict]:
    """Make a run for every config that has no finished one in `folder` yet; returns read_run() of all of them, in the order of configs.

    A config's run lies in folder / run_name(config). An unfinished attempt there is set aside before a new one begins.
    A run is made with `start(place, config)`, a tracker that is used in a `with` block, and `train(config, tracker)`. An Exception
    in it leaves a failed run and does not stop the sweep.
    """
    ### BEGIN SOLUTION
    found = []
    for config in configs:
        place = folder / run_name(config)
        if not place.exists() or read_run(place)["status"] != "finished":
            set_aside(place)
            try:
                with start(place, config) as tracker:
                    train(config, tracker)
            except Exception as error:
                print(f"run {place.name} failed: {error!r}")
        found.append(read_run(place))
    return found
    ### END SOLUTION


# %%
def start_run(place: Path, config: dict) -> Run:
    """A tracker with a file only."""
    return Run(place, config, here)


# %%
made = []


def count_and_train(config: dict, tracker: Tracker) -> None:
    """Train, and be interrupted in the middle of the third run."""
    made.append(config["rate"])
    tracker.log(0, {"loss": config["rate"]})
    if len(made) == 3:
        raise KeyboardInterrupt


# %%
with tempfile.TemporaryDirectory() as folder:
    try:
        sweep(Path(folder), [{"rate": rate} for rate in (0.1, 0.2, 0.3, 0.4)], count_and_train, start_run)
    except KeyboardInterrupt:
        print("interrupted")
    again = sweep(Path(folder), [{"rate": rate} for rate in (0.1, 0.2, 0.3, 0.4)], count_and_train, start_run)
    print("folders:", len(list(Path(folder).iterdir())), "trainings:", made)
assert made == [0.1, 0.2, 0.3, 0.3, 0.4] and all(each["status"] == "finished" for each in again)

# %% check="sweep" points=2
check("sweep")

# %% [markdown]
# **See it.** Now the real sweep: twelve runs with random settings, and all of them in one table. The order is that of the
# validation accuracy after the last epoch. (After the last, not the best epoch of each run: that would be one more
# choice by the same 200 digits.)


# %%
def twelve(seed: int) -> list[dict]:
    """The settings of the sweep with this number: random draws, all on one split of the digits, each with a seed of its own."""
    count = lab.params["runs"]
    fixed = {"split": seed, "epochs": lab.params["epochs"]}
    return [fixed | {"seed": count * seed + n} | draw(SPACE, np.random.default_rng([seed, n])) for n in range(count)]


def last(run: dict, name: str) -> float:
    """The last value that a run logged of a metric; NaN if it logged none."""
    return run["metrics"].get(name, [(0, math.nan)])[-1][1]


def show_table(runs: list[dict]) -> None:
    """Print runs as a table, the highest validation accuracy first."""
    print("run         seed    rate  width  momentum    decay     loss  validation  status")
    for run in sorted(runs, key=lambda run: last(run, "valid_accuracy"), reverse=True):
        c = run["config"]
        settings = f"{c['seed']:4d}  {c['rate']:6.3f}  {c['width']:5d}  {c['momentum']:8.2f}  {c['decay']:7.1e}"
        print(f"{run_name(c)}  {settings}  {last(run, 'loss'):7.4f}  {last(run, 'valid_accuracy'):10.1%}  {run['status']}")


# %%
configs = twelve(lab.seed)
with tempfile.TemporaryDirectory() as folder:
    runs = sweep(Path(folder), configs, train, start_run)
show_table(runs)
claim("all runs of the sweep finished", all(run["status"] == "finished" for run in runs))


# %%
def show_runs(runs: list[dict], caption: str, alt: str) -> None:
    """Draw the training loss of every run; the first and the last of the table are named, with their learning rates."""
    ranked = sorted(runs, key=lambda run: last(run, "valid_accuracy"), reverse=True)
    with plot.figure(caption=caption, alt=alt) as ax:
        for run in ranked[1:-1]:
            ax.plot(*zip(*run["metrics"]["loss"], strict=True), color=plot.NEUTRAL, linewidth=1, alpha=0.7)
        for run, name, color in ((ranked[0], "first", plot.COLORS[0]), (ranked[-1], "last", plot.COLORS[1])):
            label = f"{name} of the table, rate {run['config']['rate']:.2f}"
            ax.plot(*zip(*run["metrics"]["loss"], strict=True), color=color, marker="o", markersize=4, label=label)
        ax.set(xlabel="epoch", ylabel="training loss", yscale="log")
        ax.legend()


# %%
show_runs(
    runs,
    caption="The training loss of the twelve runs, as read back from their files.",
    alt="Twelve falling curves on a logarithmic axis that fan out; those of the first and the last run of the table lie among the others.",
)

# %% [markdown]
# Has the run with the best validation accuracy the smallest training loss, too? Then read the table from the bottom: what
# do the worst runs have in common? And from the top: are the first few runs really different, if one digit of 200 is half
# a percent? Keep this question.
#
# The record must be enough to repeat a run. Take nothing but the winner's line, train again, and compare every number
# that was logged. The repeated network then meets the test digits, for the first time and only once.


# %%
def repeated(run: dict) -> tuple[dict, dict]:
    """Train again from the settings in a run's record; returns the metrics logged this time, and the network."""
    with tempfile.TemporaryDirectory() as folder:
        with Run(Path(folder) / "again", run["config"], {}) as tracker:
            net = train(run["config"], tracker)
        return read_run(Path(folder) / "again")["metrics"], net


# %%
winner = max(runs, key=lambda run: last(run, "valid_accuracy"))
metrics, net = repeated(winner)
test_accuracy = accuracy(net, *split_digits(winner["config"]["split"])["test"])
print(f"the winner: {last(winner, 'valid_accuracy'):.1%} of the validation digits, {test_accuracy:.1%} of the test digits")
record("winner_test_accuracy", test_accuracy)
claim("trained again from its record, the winner logs the same numbers to the last bit", metrics == winner["metrics"])

# %% [markdown]
# The same bits: on the same machine and with the same versions, which is why both are in the record.

# %% [markdown]
# ## Experiment: how much of the lead is luck?
#
# The winner of a sweep has two reasons to be at the top. Its settings are good, and its 200 validation digits happened to
# suit it. Only the first reason helps with new digits. If all $k$ runs were equally good and their scores independent,
# with a standard deviation of $\sigma$ from the luck of the digits, the best would still lead the average, by about
#
# $$\mathbb{E}\big[\max_{i \le k} \varepsilon_i\big] \approx 1.63\,\sigma \quad\text{for } k = 12, \qquad
# \sigma = \sqrt{\frac{p\,(1-p)}{n}} \approx 1.5\,\% \text{ for } p = 0.95,\ n = 200 .$$
#
# Here the runs share their digits, and so part of the luck, and they are not equally good. What is it really? Repeat the
# whole sweep 40 times, with other splits, draws and seeds, and play the omniscient: look up the test accuracy of *every*
# run. In earnest you must not do this. Here it is the experiment, and nothing is chosen by it.
#
# **Predict**: by how much is the winner's validation accuracy higher than its test accuracy, on average?


# %%
def scores(config: dict) -> tuple[float, float]:
    """Validation and test accuracy of a run; nothing is written down."""
    net, parts = train(config, Tracker()), split_digits(config["split"])
    return accuracy(net, *parts["valid"]), accuracy(net, *parts["test"])


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,)."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def best_of(results: np.ndarray, k: int) -> np.ndarray:
    """Of the first k runs of each sweep, the scores of the one with the best validation score; results (sweeps, runs, 2) -> (sweeps, 2)."""
    return results[np.arange(len(results)), results[:, :k, 0].argmax(axis=1)]


# %%
results = np.array([[scores(each) for each in twelve(seed)] for seed in lab.seeds(lab.params["seeds"])])  # (sweeps, runs, 2)
winners = best_of(results, lab.params["runs"])
flattery = winners[:, 0] - winners[:, 1]
single = results[:, 0, 0] - results[:, 0, 1]  # the first run of each sweep: nobody chose it
lead = winners - results.mean(axis=1)  # over the average run of its sweep; (sweeps, 2): on validation digits, on test digits
rows = {"winner: validation minus test": flattery, "first run: validation minus test": single}
rows |= {"winner's lead, validation digits": lead[:, 0], "winner's lead, test digits": lead[:, 1]}
rows |= {"of this lead, lost on test digits": lead[:, 0] - lead[:, 1]}
intervals = {name: bootstrap_interval(values) for name, values in rows.items()}
for name, values in rows.items():
    print(f"{name:34s} mean {values.mean():+.2%}   95 % interval {intervals[name][0]:+.2%} to {intervals[name][1]:+.2%}")

# %%
counts = np.arange(1, lab.params["runs"] + 1)
curves = np.array([best_of(results, k) for k in counts])  # (runs, sweeps, 2)
ends = np.array([[bootstrap_interval(curves[k - 1, :, part]) for k in counts] for part in (0, 1)])
names = ("on the digits that chose it", "on the test digits")
plot.lines(
    {name: curves[:, :, part].mean(axis=1) for part, name in enumerate(names)},
    bands={name: (ends[part, :, 0], ends[part, :, 1]) for part, name in enumerate(names)},
    xs=counts,
    x="number of runs to choose from",
    y="accuracy of the best run",
    caption="The best of the first k runs by validation accuracy: its validation and its test accuracy, means over 40 sweeps with 95 % bands.",
    alt="Two rising curves that start close together; the validation curve rises faster and separates from the test curve as k grows.",
)

# %%
record("flattery", flattery.mean())
record("lead_lost", (lead[:, 0] - lead[:, 1]).mean())
claim(
    "the winner's validation accuracy flatters it: the 95 % interval of the difference to its test accuracy is above 0",
    intervals["winner: validation minus test"][0] > 0,
)
claim("part of the winner's lead over the average run is luck", intervals["of this lead, lost on test digits"][0] > 0)
claim("the rest is real: the winner leads the average run on the test digits, too", intervals["winner's lead, test digits"][0] > 0)

# %% [markdown]
# At $k = 1$ nobody has chosen, and the two curves begin together, within their bands. Then they separate: with each
# further run the maximum finds a little more skill *and* a little more luck. So the sweep was worth it, for the lower
# curve rises, too; only the number at the end of the upper one must not be reported. And compare the distance with the
# formula: it is smaller than $1.63\,\sigma$, for the two reasons given above.
#
# The practical rules: choose by validation; report the test score of the one chosen run, measured once; and say how many
# runs it was chosen from. The folder knows.

# %% [markdown]
# ## Against the real thing
#
# Now the same twelve runs again, with three stores behind `FanOut`: your file, W&B in offline mode, and MLflow with a
# SQLite file. The two libraries are imported only here, after the switches in the first code cell. W&B starts a helper
# process of its own, which does the writing; the settings below tell it not to look at the machine, the code or the
# console.


# %%
def open_mlflow(folder: Path) -> tuple[object, str]:
    """A client of an MLflow store in folder/mlflow.db, and the id of a new experiment in it."""
    mlflow = importlib.import_module("mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # no report of how the tables are made
    client = mlflow.MlflowClient(f"sqlite:///{(folder / 'mlflow.db').as_posix()}")
    return client, client.create_experiment("digits", artifact_location=(folder / "artifacts").as_uri())


QUIET = {"silent": True, "console": "off", "disable_git": True, "disable_code": True, "disable_job_creation": True}
QUIET |= {"x_disable_stats": True, "x_disable_meta": True, "x_disable_machine_info": True, "x_save_requirements": False}


def begin_wandb(folder: Path, config: dict):
    """Begin an offline run of W&B in `folder`; the run's file is run.settings.sync_file."""
    for kind in ("CACHE", "CONFIG", "DATA"):
        os.environ[f"WANDB_{kind}_DIR"] = str(folder)  # else it would write into your home
    wandb = importlib.import_module("wandb")
    settings = wandb.Settings(mode="offline", notebook_name=str(folder), **QUIET)
    return wandb.init(project="digits", config=config, dir=str(folder), settings=settings, reinit="create_new")


# %%
stores = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # removed in the last cell of this section
place = Path(stores.name)
client, experiment = open_mlflow(place)
run_ids, wandb_files = {}, {}


def start_three(folder: Path, config: dict) -> FanOut:
    """A tracker with three stores; where MLflow and W&B keep the run is noted in `run_ids` and `wandb_files`."""
    theirs = MLflowTracker(client, experiment, config)
    guest = begin_wandb(place, config)
    name = run_name(config)
    run_ids[name], wandb_files[name] = theirs.run_id, Path(guest.settings.sync_file)
    return FanOut({"file": Run(folder, config, here), "mlflow": theirs, "wandb": WandbTracker(guest)})


# %%
runs_again = sweep(place / "sweep", configs, train, start_three)
claim(
    "with three stores the sweep logs what it logged with one", [run["metrics"] for run in runs_again] == [run["metrics"] for run in runs]
)

# %% [markdown]
# **Read them back.** MLflow is asked through its client: parameters, the history of each metric, the status.


# %%
def read_mlflow(client, run_id: str) -> dict:
    """What MLflow has kept of a run, in the form of `read_run`; the environment is not among it."""
    run = client.get_run(run_id)
    histories = {name: client.get_metric_history(run_id, name) for name in run.data.metrics}
    return {
        "config": {name: json.loads(text) for name, text in run.data.params.items()},
        "metrics": {name: [(point.step, point.value) for point in points] for name, points in histories.items()},
        "status": run.info.status.lower(),
    }


# %% [markdown]
# W&B's file was made to be uploaded (`wandb sync`) and not to be read here, but it is no secret: a log, as yours. After 7
# bytes that say what it is come blocks of 32,768 bytes; in them, each piece has a checksum (4 bytes), a length (2) and a
# kind (1: whole, 2: first, 3: middle, 4: last piece of a record). A tail of a block that is too short for such a head is
# left empty. Each record is a message in Google's *protobuf* format, and `wandb` brings the description. The checksum
# answers the same question as your rule of the newline: was this piece written completely?


# %%
def wandb_records(path: Path):
    """The records of a .wandb file, one after the other, each as bytes; ValueError where a checksum is wrong."""
    content, at, pieces = path.read_bytes(), 7, []
    while at + 7 <= len(content):
        rest = -at % 32_768
        if 0 < rest < 7:
            at += rest
            continue
        check_sum, length, kind = (int.from_bytes(content[at + a : at + b], "little") for a, b in ((0, 4), (4, 6), (6, 7)))
        data = content[at + 7 : at + 7 + length]
        if binascii.crc32(bytes([kind]) + data) != check_sum:
            raise ValueError(f"the piece at byte {at} of {path.name} is damaged")
        pieces.append(data)
        at += 7 + length
        if kind in (1, 4):
            yield b"".join(pieces)
            pieces = []


# %%
def read_wandb(path: Path) -> dict:
    """What W&B has kept of an offline run, in the form of `read_run`; the environment is not among it."""
    protocol = importlib.import_module("wandb.proto.wandb_internal_pb2")
    found = {"config": {}, "metrics": {}, "status": "crashed"}
    for data in wandb_records(path):
        entry = protocol.Record.FromString(data)
        if entry.HasField("run"):
            found["config"] = {each.key: json.loads(each.value_json) for each in entry.run.config.update if each.key != "_wandb"}
        elif entry.HasField("history"):
            row = {each.nested_key[0]: json.loads(each.value_json, parse_int=float) for each in entry.history.item}
            for name in row:
                if not name.startswith("_"):  # W&B's own: the step, the time
                    found["metrics"].setdefault(name, []).append((entry.history.step.num, row[name]))
        elif entry.HasField("exit"):
            found["status"] = "failed" if entry.exit.exit_code else "finished"
    return found


# %%
ours = {run_name(run["config"]): {part: run[part] for part in ("config", "metrics", "status")} for run in runs_again}
in_mlflow = {name: read_mlflow(client, run_id) for name, run_id in run_ids.items()}
in_wandb = {name: read_wandb(path) for name, path in wandb_files.items()}
values = sum(len(points) for run in ours.values() for points in run["metrics"].values())
for name, store in {"MLflow": in_mlflow, "W&B": in_wandb}.items():
    same = sum(store[run]["metrics"][metric] == points for run in ours for metric, points in ours[run]["metrics"].items())
    print(f"{name:6s}: {len(store)} runs, {same} of {2 * len(ours)} curves equal to yours in every bit ({values} values)")
record("runs_read_back", sum(ours[run] == in_mlflow[run] == in_wandb[run] for run in ours))
claim("settings, every metric of every step, and status: three stores, the same runs", ours == in_mlflow == in_wandb)

# %% [markdown]
# Three formats, one truth. The adapters were tested against a stand-in; now the libraries themselves have answered.
#
# These were ordinary numbers. The numbers of a run that goes wrong are not ordinary, and those matter most. Send some
# through all three stores; and, at the end, a step that comes out of order, as happens when training is resumed from a
# checkpoint.

# %%
STRANGE = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2, 1e308]
odd = {"kind": "strange numbers"}
with start_three(place / "strange", odd) as three:
    for step, value in enumerate(STRANGE):
        three.log(step, {"value": value})
    three.log(2, {"late": 1.0})
said = {"file": read_run(place / "strange"), "MLflow": read_mlflow(client, run_ids[run_name(odd)])}
said["W&B"] = read_wandb(wandb_files[run_name(odd)])
back = {name: dict(run["metrics"]["value"]) for name, run in said.items()}
print("sent        " + "".join(f"{name:>26s}" for name in back))
for step, value in enumerate(STRANGE):
    print(f"{value!s:12.12s}" + "".join(f"{back[name][step]!s:>26s}" for name in back))
print("late step   " + "".join(f"{'kept' if 'late' in run['metrics'] else 'dropped':>26s}" for run in said.values()))


# %%
def same_bits(a: float, b: float) -> bool:
    """Whether two numbers are the same float64, sign of zero included; NaN is NaN."""
    return repr(float(a)) == repr(float(b))


# %%
exact = {name: [same_bits(value, back[name][step]) for step, value in enumerate(STRANGE)] for name in back}
claim("your file and W&B keep even strange numbers to the last bit", all(exact["file"]) and all(exact["W&B"]))
claim(
    "MLflow's SQLite store turns infinity into the largest float, and keeps NaN",
    back["MLflow"][1] == sys.float_info.max and exact["MLflow"][0],
)
claim(
    "W&B drops a step that comes out of order; the other two keep it",
    ["late" in run["metrics"] for run in said.values()] == [True, True, False],
)
abandoned = client.create_run(experiment).info.run_id
claim("MLflow says RUNNING of a run that nobody ends, for ever", client.get_run(abandoned).info.status == "RUNNING")
importlib.import_module("wandb").teardown()  # ends W&B's helper process
stores.cleanup()

# %% [markdown]
# So a loss that became infinite looks in MLflow like a very large finite one, and of a training that went back three
# hundred steps W&B shows only the first attempt. Neither is a bug, for both are documented; but you find such things by
# reading back, not by looking at a dashboard. And the third: a run that was killed is RUNNING in MLflow until somebody
# ends it. What your `read_run` concludes from a missing line, a server cannot know.
#
# What do the two do better? Nearly everything around the file. Pages where a team compares thousands of runs, filters
# them, draws one metric against a setting; artifacts, that is, files with versions (weights, data sets); a model
# registry; system metrics; sweeps over many machines, with early stopping. MLflow does it on a machine of yours
# (`mlflow ui --backend-store-uri sqlite:///mlflow.db` needs the full package `mlflow`), W&B on theirs (`wandb sync`
# uploads the offline run, if you have an account and want to). A file of your own beside them costs nothing, and it is
# there when the project outlives the account.

# %% [markdown] answer="honest-report" points=2
# ## In your own words
#
# A colleague sends you this: "I ran a sweep of 200 settings overnight. 63 of them crashed, so I left them out. The best
# of the rest reached 97.5 % on our 400 validation pictures, half a point more than the current model. I could not repeat
# exactly that number this morning, but nearly. I suggest to ship it."
#
# 1. Name three things that are wrong or missing, and say for each what may be behind it.
# 2. Which *one* measurement would you ask for before anything is shipped, and what must be written down so that a
#    stranger could repeat it?
#
# ### BEGIN SOLUTION
# 1. (a) The best of 137 validation scores is flattered; with 400 pictures and 97 % a single score has a standard
#    deviation of 0.85 points, so half a point is what luck alone would give, even without choosing. (b) Runs that crash
#    are not a random sample: perhaps large networks run out of memory, or large rates diverge; leaving them out hides a
#    region of the settings, and that the winner may live next to it. (c) Not repeatable means that something is not in
#    the record: a seed, the versions, uncommitted changes of the code, other data. (d) The current model's score: on
#    which pictures, by whom chosen?
# 2. Both models, the chosen one and the current one, once, on the same test pictures that took no part in any choice,
#    with an interval for the paired difference. Written down: settings and seed, commit and whether files were changed,
#    hashes of the data and of the split, versions and device, the weights, and that the model was chosen from 200 runs of
#    which 63 crashed.
#
# *Rubric*: 1 point for three different faults, each with a possible cause (two of them with causes: half). 1 point for a
# test on fresh data, done once and compared with the current model on the same pictures (half), and for a record with at
# least settings with seed, code version, data and the number of tries (half).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **The record is written at the end.** Then the runs that crash have none, and those are the ones to understand.
# - **`write` without `flush`.** It works on every test that ends well.
# - **`except:` or `except BaseException` around a logger.** Ctrl-C no longer stops the training.
# - **`except Exception: pass`.** The training survives a broken store, and nobody ever learns that it was broken.
# - **Crashed runs are thrown away.** A sweep in which every third run dies says something about its settings.
# - **The best epoch of the best run.** Two choices by the same digits, and so twice the luck.
# - **The number of a run as its name.** Insert one more setting at the top of the list, and run 3 is another run.
# - **Secrets in the settings.** A config with a password in it is uploaded like any other.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: it is about files, and its networks are small on purpose, so that there can be
# hundreds of them. On a GPU the runs become longer and nothing else changes: log every tenth or hundredth step, so that the
# price of logging stays below a percent; with several processes (*distributed training*) only the process of rank 0
# logs; on a cluster let every run of the sweep be a job of its own, whose folder is claimed by `mkdir`, which succeeds
# for one job only. What you wrote does that already.
#
# ## Exercises
#
# 1. [conceptual] Two sweeps try 12 and 120 settings on the same 200 validation digits. Whose winner is flattered more,
#    and what happens if each validation set is nine times as large? *Success*: your answer uses the formula of the
#    experiment, and `best_of` with other numbers of runs agrees with the direction.
# 2. [short-code] Measure what a log call costs: `Run` with and without `durable=True`, `MLflowTracker`, `WandbTracker`,
#    each for 200 steps. *Success*: a table in microseconds, and a sentence for each difference of more than a factor of
#    ten. Where would you not pay?
# 3. [short-code] Write a `Buffered` tracker around another one that hands steps on in packets of 50, or when a second has
#    passed, and always before the end. *Success*: `FanOut` with it loses at most 50 steps when it is killed, and none
#    when an exception ends the run.
# 4. [extended] Tell a run that is alive from one that crashed: write a line `{"event": "alive", "time": ...}` every few
#    seconds from a thread, and let `read_run` say "running" while the last one is fresh. *Success*: a program that is
#    killed turns from running to crashed by itself, one that computes for a minute without logging does not, and the old
#    files still read as before.
# 5. [extended] Stop bad runs early by *successive halving*: train all twelve for one epoch, keep the better half for two
#    more, and so on. *Success*: over 20 seeds, the mean test accuracy of the winner is within half a point of the full
#    sweep's, at no more than half of its epochs; and every stopped run has a record that says so.
#
# ## References
#
# - J. Bergstra and Y. Bengio (2012). *Random search for hyper-parameter optimization.* Journal of Machine Learning
#   Research 13, 281–305. <https://www.jmlr.org/papers/v13/bergstra12a.html>. Why random draws beat a grid: section 2.
# - G. C. Cawley and N. L. C. Talbot (2010). *On over-fitting in model selection and subsequent selection bias in
#   performance evaluation.* Journal of Machine Learning Research 11, 2079–2107.
#   <https://www.jmlr.org/papers/v11/cawley10a.html>. The experiment of this lab at length, in the part on
#   bias in performance estimation.
# - J. Dodge, S. Gururangan, D. Card, R. Schwartz and N. A. Smith (2019). *Show your work: improved reporting of
#   experimental results.* EMNLP-IJCNLP 2019, 2185–2194. <https://doi.org/10.18653/v1/D19-1224>. The curve of the best of
#   k runs, and why to report it (expected validation performance).
# - M. Zaharia et al. (2018). *Accelerating the machine learning lifecycle with MLflow.* IEEE Data Engineering Bulletin
#   41(4), 39–45. What MLflow is for, by those who made it.
# - L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh and A. Talwalkar (2018). *Hyperband: a novel bandit-based approach to
#   hyperparameter optimization.* Journal of Machine Learning Research 18(185), 1–52.
#   <https://jmlr.org/papers/v18/16-558.html>. Successive halving (exercise 5): section 3.
# - JSON Lines: <https://jsonlines.org>. W&B: <https://docs.wandb.ai>. MLflow: <https://mlflow.org/docs/latest>.
# - The data: E. Alpaydin and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning
#   Repository, <https://doi.org/10.24432/C50P49>.
