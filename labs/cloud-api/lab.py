# %% [markdown]
# # A high-throughput model API
#
# A network that reads a picture in 4 milliseconds reads 250 a second. So says arithmetic, and it is wrong: the same
# network, on the same core, can answer far more than twice as many requests if the service in front of it lets them
# share a pass. You will build that service with FastAPI: it gathers requests into batches, refuses what it cannot do in
# time, limits each client, counts what it does, and can be stopped in the middle of everything. Then a program fires
# thousands of requests at it, another one kills it, and you answer the question that decides whether anybody can rely
# on it: **where is each single request, at any moment, and who owes it an answer?**

# %% [markdown]
# ## You will learn
#
# - why a batch of 32 costs far less than 32 requests, and what a request pays for being gathered into one;
# - to write a micro-batcher with asyncio, in which one bad request harms no other and nobody is forgotten;
# - to say no early: a bounded queue, a token bucket, a limit on bytes, a deadline, each with its own HTTP status;
# - to publish metrics in Prometheus' format, and to read a 99th percentile with suspicion;
# - to end a service on SIGTERM so that everything that it took in is answered, and to prove that under load;
# - to test asynchronous programs in *made-up time*: no waiting, no luck, the same result in each run.
#
# ## You need
#
# From `nn-mnist`: a classifier, saved as a folder. From `setup-environment`: processes and signals. From
# `dev-streamlit`: a server in a second process. Of Python: `async def`, `await`, `asyncio.create_task`, and
# `async with`; what a *future* is comes below. Of HTTP: methods, status codes, headers.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import asyncio
import contextlib
import gc
import json
import math
import socket
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, Field
from sklearn.datasets import load_digits
from torch import nn

import scratchlab
from scratchlab import plot, simulated

lab = scratchlab.start("cloud-api", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: all weights for one small picture
#
# First something to serve: a wide network for scikit-learn's digits, 8 by 8 pixels with ink from 0 to 16. Training all
# of its weights would take minutes, and this lab is about serving. So the hidden layers stay random, and only the last
# layer is fitted, by least squares; that is called *random features*. It reads digits by writers whom it has never
# seen (the last 510 pictures) well enough. What is saved is a folder as `nn-mnist` writes it. With another folder the
# service below serves another network, yours for instance.


# %%
def layers_of(width: int, depth: int) -> list:
    """The layers of the network as data: 64 pixels, `depth` + 1 hidden layers of `width` units, 10 classes."""
    layers = [["Flatten", {}]]
    for inputs in (64, *[width] * depth):
        layers += [["Linear", {"in_features": inputs, "out_features": width}], ["ReLU", {}]]
    return [*layers, ["Linear", {"in_features": width, "out_features": 10}]]


def network_of(layers: list) -> nn.Sequential:
    """The network with these layers, in evaluation mode."""
    return nn.Sequential(*(getattr(nn, name)(**options) for name, options in layers)).eval()


def fit_last_layer(network: nn.Sequential, x: torch.Tensor, label: torch.Tensor) -> None:
    """Fit the last layer to pictures x, (n, 1, 8, 8), and labels (n,), by least squares with a small penalty."""
    with torch.inference_mode():
        for layer in network[1:-1:2]:
            nn.init.kaiming_normal_(layer.weight)
            nn.init.uniform_(layer.bias, -0.1, 0.1)
        hidden = network[:-1](x).double()  # (n, width)
        center, scale = hidden.mean(0), hidden.std()
        hidden = (hidden - center) / scale
        gram = hidden @ hidden.T + 10.0 * torch.eye(len(hidden)).to(hidden)
        weight = 10 * hidden.T @ torch.linalg.solve(gram, nn.functional.one_hot(label, 10).double() - 0.1) / scale
        network[-1].weight.copy_(weight.T)
        network[-1].bias.copy_(-center @ weight)


# %%
def save_classifier(folder: Path, network: nn.Sequential, layers: list) -> None:
    """Write weights.pt and classifier.json into `folder`, as nn-mnist does it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.cpu() for name, value in network.state_dict().items()}, folder / "weights.pt")
    about = {"layers": layers, "input": {"shape": [1, 8, 8], "paper": 0.0, "ink": 1.0}, "temperature": 1.0}
    (folder / "classifier.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def load_classifier(folder: Path, device: str) -> nn.Sequential:
    """The network in `folder`, in evaluation mode, on the device."""
    about = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    network = nn.Sequential(*(getattr(nn, name)(**options) for name, options in about["layers"]))
    network.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    return network.eval().to(device)


# %%
FOLDER = Path("digit-service")
pixels, label = load_digits(return_X_y=True)
pictures = torch.from_numpy((pixels / 16).astype(np.float32)).reshape(-1, 1, 8, 8).to(lab.device)
layers = layers_of(lab.params["width"], lab.params["depth"])
network = network_of(layers).to(lab.device)
fit_last_layer(network, pictures[:1287], torch.from_numpy(label[:1287]).to(lab.device))
save_classifier(FOLDER / "classifier", network, layers)
with torch.inference_mode():
    read = network(pictures).argmax(dim=1).cpu().numpy()  # (1797,)
weights = sum(each.numel() for each in network.parameters())
print(
    f"{weights / 1e6:.1f} million weights, {4 * weights / 1e6:.0f} MB; test digits read rightly: {np.mean(read[1287:] == label[1287:]):.1%}"
)
record("test_accuracy", np.mean(read[1287:] == label[1287:]))

# %% [markdown]
# Now the measurement on which everything rests: how long does one pass take, with 1, 2, 4, ... pictures in it?


# %%
def pass_seconds(size: int, repeats: int = 9) -> float:
    """The shortest time of several passes of `size` pictures, in seconds, with the way to the device and back. (Others only add.)"""
    x, times = pictures[:size].cpu(), []
    with torch.inference_mode():
        for _ in range(repeats):
            began = time.perf_counter()
            network(x.to(lab.device)).cpu()
            times.append(time.perf_counter() - began)
    return min(times)


# %%
sizes = [1, 2, 4, 8, 16, 32]
cost = {size: pass_seconds(size) for size in sizes}
for size, seconds in cost.items():
    print(f"{size:2d} pictures: {1e3 * seconds:6.2f} ms, {1e3 * seconds / size:6.2f} ms each")
plot.lines(
    {"measured": [1e3 * cost[size] / size for size in sizes], "no gain": [1e3 * cost[1]] * len(sizes)},
    xs=sizes,
    x="pictures in a pass",
    y="milliseconds for each",
    log_x=True,
    caption="What a picture costs, by the number of pictures that pass through the network together.",
    alt="A curve that falls with the number of pictures, to a fraction of the flat line at the cost of a single one.",
)

# %% [markdown]
# Why? For one picture each weight is fetched from memory, used for one multiplication, and forgotten. Fetching takes
# longer than multiplying. With 32 pictures each fetched weight is used 32 times. A large network, one picture at a
# time, is *bound by memory*; in a batch it is *bound by arithmetic*, and the curve flattens out where that begins. The
# same holds for a language model that writes one token at a time, and on a GPU the effect is larger still.
#
# But requests come one by one, from clients who know nothing of each other. Somebody must gather them. That somebody is
# the *micro-batcher*:
#
# ```text
# request ─┐                       ┌─ collect ── settle ─┐
# request ─┼─ limits ── queue ─────┤   up to 32 of them   ├── answers, each to its own request
# request ─┘        (bounded)      └─ then the next ones ─┘
# ```
#
# ## 1. Collect a batch
#
# A worker takes requests, called *jobs*, out of an `asyncio.Queue`. Two numbers say when a batch is complete: it holds
# `most` jobs, or `wait` seconds have gone by since its first job was taken. The first bounds the memory and the time
# of a pass, the second what a lonely request pays for the hope of company. While there is no job at all, the worker
# sleeps in `await queue.get()`, and that costs nothing.
#
# How do you test such a thing? With real seconds a test is slow, and on a busy machine it fails now and then. So time
# is handed in. Everything in asyncio asks the *event loop* what time it is; `simulated.run` brings an event loop whose
# clock is a plain number. When all tasks wait, it jumps to the moment at which the first has waited enough. An hour
# takes no time at all, and each run is the same. Hence a rule for your code: the time is
# `asyncio.get_running_loop().time()`, never `time.monotonic()`.


# %%
async def nap() -> str:
    """Sleep for an hour."""
    await asyncio.sleep(3600)
    return f"slept until second {asyncio.get_running_loop().time():.0f}"


# %%
began = time.perf_counter()
print(simulated.run(nap()), "in less than a second" if time.perf_counter() - began < 1 else "")

# %% [markdown]
# **Predict**: jobs arrive at 0, 8, 16 and 24 ms; `most` is 32, `wait` is 10 ms. When does the first batch leave, and
# with how many jobs? When would it leave if the waiting began anew with each job?
#
# **Write** `collect`. `asyncio.timeout_at(moment)` is a context that raises `TimeoutError` where the code in it still
# waits at that moment. `queue.get()` does not wait if there is something in the queue; so jobs that are there already
# are taken even if `wait` is 0.


# %% solution="collect"
async def collect(queue: asyncio.Queue, most: int, wait: float) -> list:
    """The next batch: the oldest jobs in the queue, in their order, at least one and at most `most`.

    Waits for the first job as long as it takes. Then takes what is there or comes, until the batch is full (and returns
    at once) or until `wait` seconds after it took the first one, by the clock of the event loop.
    """
    ### BEGIN SOLUTION
    batch = [await queue.get()]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + wait):
            while len(batch) < most:
                batch.append(await queue.get())
    return batch
    ### END SOLUTION


# %%
async def batches(moments: list[float], most: int, wait: float, take: Callable[[int], float]) -> list[tuple[float, list[float]]]:
    """Jobs arrive at these moments (seconds); a worker needs take(n) seconds for n of them. Returns when each batch left, and its jobs."""
    loop, queue, left = asyncio.get_running_loop(), asyncio.Queue(), []
    for moment in moments:
        loop.call_at(moment, queue.put_nowait, moment)
    while sum(len(jobs) for _, jobs in left) < len(moments):
        jobs = await collect(queue, most, wait)
        left.append((loop.time(), jobs))
        await asyncio.sleep(take(len(jobs)))
    return left


# %%
assert simulated.run(batches([0, 1, 2], most=2, wait=5, take=lambda n: 0)) == [(1, [0, 1]), (7, [2])]
assert simulated.run(batches([3, 3, 3], most=9, wait=0, take=lambda n: 0)) == [(3, [3, 3, 3])]

# %% check="collect" points=2
check("collect")

# %% [markdown]
# **See it.** Requests at random moments, 500 a second, and a worker whose pass costs 4 ms and half a millisecond more
# for each job. Each point is a job; its height says how long it sat before its batch left.

# %%
rng = np.random.default_rng(lab.seed)
moments = np.cumsum(rng.exponential(1 / 500, 60)).tolist()
left = simulated.run(batches(moments, most=32, wait=0.002, take=lambda n: 0.004 + 0.0005 * n))
with plot.figure(
    caption="Sixty jobs, by the moment of arrival and the time until their batch left; colors alternate from batch to batch.",
    alt="Groups of points on falling lines: who comes late into a batch waits little, who comes first waits longest.",
) as ax:
    for number, (moment, jobs) in enumerate(left):
        ax.plot([1e3 * job for job in jobs], [1e3 * (moment - job) for job in jobs], "o-", ms=4, lw=1, color=plot.COLORS[number % 2])
    ax.set_xlabel("arrival in milliseconds")
    ax.set_ylabel("milliseconds of waiting")
print(f"{len(left)} batches, of {min(len(jobs) for _, jobs in left)} to {max(len(jobs) for _, jobs in left)} jobs")

# %% [markdown]
# Nobody chose these sizes. While a pass runs, jobs pile up, and the next batch takes them all: the busier, the larger
# the batch, the cheaper each job. `wait` matters only when there is little to do.

# %% [markdown]
# ## 2. Settle what a batch owes
#
# Each request sleeps until its answer is there. What it sleeps on is a *future*: an empty box, into which somebody puts
# a result, `future.set_result(...)`, or an error, `future.set_exception(...)`, once. `await future` wakes up with the
# one or raises the other. A future that nobody fills is a client that waits forever. So this is the function with the
# strictest duty of the lab: **whatever happens, every box is filled.** Four things happen in practice:
#
# - **A client has gone.** Its deadline has passed, and its future was canceled. A job whose future is `done()` before
#   the pass is left out of it: why compute what nobody wants? And if it is done *after* the pass, hands off: a box
#   that is closed raises `InvalidStateError`, and all jobs behind it would starve.
# - **One input is poison.** The model raises an error for the whole batch, and does not say who is guilty. If there are
#   several, split the jobs and try the parts; who is alone and still fails gets the error.
# - **The inputs do not fit together.** Then `np.stack` raises before the model is asked. Same cure.
# - **The model returns too few results**, or too many. Nobody knows then which result belongs to whom. Same cure.
#
# And if the worker itself is canceled, that must go through: `asyncio.CancelledError` is a `BaseException`, and
# `except Exception` rightly lets it pass.


# %%
class Job:
    """One request that was taken in: its input x, an array of any shape, and the future that its client waits for."""

    def __init__(self, x: np.ndarray):
        self.x, self.future = x, asyncio.get_running_loop().create_future()


# %% [markdown]
# **Predict**: one poisoned job among 32, and a model that raises an error for each batch that holds it. How many passes
# does it take if you go on one by one? How many if you halve, and halve the bad half again?
#
# **Write** `settle`. It can call itself with a part of the jobs.


# %% solution="settle"
async def settle(model: Callable[[np.ndarray], Awaitable], jobs: list[Job]) -> None:
    """Run the model on the jobs' inputs, in one pass if all is well, and fill each job's future with its result or its error.

    model: takes stacked inputs, shape (n, ...), and returns n results in their order; or raises an Exception, for all n.
    Jobs that are done already are left out (without any other one the model is not called). An error reaches only jobs
    that fail alone. Raises no Exception itself; when it is canceled, it ends.
    """
    ### BEGIN SOLUTION
    jobs = [job for job in jobs if not job.future.done()]
    if not jobs:
        return
    halves = []
    try:
        results = await model(np.stack([job.x for job in jobs]))
        if len(results) != len(jobs):
            raise ValueError(f"{len(results)} results for {len(jobs)} inputs")
    except Exception as error:
        if len(jobs) > 1:
            halves = [jobs[: len(jobs) // 2], jobs[len(jobs) // 2 :]]
        elif not jobs[0].future.done():
            jobs[0].future.set_exception(error)
    else:
        for job, result in zip(jobs, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)
    for half in halves:
        await settle(model, half)
    ### END SOLUTION


# %%
async def doubled_or_bad(x: np.ndarray) -> np.ndarray:
    """A model for trying things out: twice the numbers, and an error if one of them is negative."""
    if (x < 0).any():
        raise ValueError("a negative number")
    return 2 * x


async def settled(numbers: list[float]) -> list:
    """What the jobs with these numbers get."""
    jobs = [Job(np.array(number)) for number in numbers]
    await settle(doubled_or_bad, jobs)
    return await asyncio.gather(*(asyncio.wait_for(job.future, 1) for job in jobs), return_exceptions=True)


# %%
assert simulated.run(settled([1, 2, 3])) == [2, 4, 6]
good, bad, last = simulated.run(settled([1, -2, 3]))
assert (good, last) == (2, 6) and isinstance(bad, ValueError)

# %% check="settle" points=2
check("settle")

# %% [markdown]
# **See it.** What does poison cost? Batches of 32 with more and more bad jobs, and the passes that are needed.


# %%
async def passes(bad: int) -> int:
    """The number of passes for 32 jobs, `bad` of them poisoned, at places drawn at random."""
    count = 0

    async def counted(x: np.ndarray) -> np.ndarray:
        nonlocal count
        count += 1
        return await doubled_or_bad(x)

    sign = rng.permutation([-1] * bad + [1] * (32 - bad))
    await settle(counted, [Job(np.array(float(each))) for each in sign])
    return count


# %%
for bad in (0, 1, 2, 4, 8):
    print(f"{bad} bad jobs of 32: {np.mean([simulated.run(passes(bad)) for _ in range(10)]):.1f} passes on average")

# %% [markdown]
# A single bad job turns one pass into many. Whoever sends poison on purpose slows everybody down, so cheap tests of the
# input belong *before* the queue, where they cost one request its own time. Section 6 does that.

# %% [markdown]
# ## 3. A queue with an end, and an end for the queue
#
# Now put the parts around a queue. Three decisions make a service out of it.
#
# **The queue is bounded.** If requests come faster than the worker can take them, a queue grows, and with it the time
# that each request waits, until every answer comes too late for anybody. So at most `room` jobs wait; who comes then is
# told at once, by the exception `Busy`. This is *back-pressure*: the pressure goes back to those who make it, as long
# as they can still do something else.
#
# **Shutting down is a sequence**: first take nothing in any more; then answer all that was taken in; then stop the
# worker. In another order something is lost, or the service never ends. `queue.join()` waits until `queue.task_done()`
# has been called once for each job that was ever put in. So a job counts as done when it is settled, not when it is
# taken out.
#
# **What is opened is closed.** A context manager says that in one place: after `yield`, in a `finally`, comes what must
# happen however the `async with` block ends.
#
# **Predict**: two jobs fit into a batch, four into the queue, and a pass takes a second. Ten requests come at once. How
# many are refused, and does the number depend on when the worker gets its turn?
#
# **Write** `batching`. Inside of it you define two functions: the worker's loop, and the one that you hand out. A queue
# knows whether it is `full()`, and `put_nowait` puts something in without waiting.


# %%
class Busy(Exception):
    """The service takes nothing in now; the text says why."""

    def __init__(self, why: str):
        super().__init__(why)


# %% solution="batching"
@contextlib.asynccontextmanager
async def batching(model: Callable, most: int = 32, wait: float = 0.002, room: int = 256) -> AsyncIterator[Callable]:
    """Context in which a worker runs the model on batches; `async with batching(...) as submit:` gives the way in.

    `await submit(x)` returns the model's result for x, or raises its error. It raises Busy at once if `room` jobs wait
    (0: no bound), or if the context is being left; that takes until all that was taken in is answered, and ends the worker.
    """
    ### BEGIN SOLUTION
    queue, closing = asyncio.Queue(room), False

    async def _work() -> None:
        while True:
            await settle(model, jobs := await collect(queue, most, wait))
            for _ in jobs:
                queue.task_done()

    async def _submit(x: np.ndarray) -> object:
        if closing or queue.full():
            raise Busy("shutting down" if closing else "too many requests are waiting")
        queue.put_nowait(job := Job(x))
        return await job.future

    worker = asyncio.create_task(_work())
    try:
        yield _submit
    finally:
        closing = True
        await queue.join()
        worker.cancel()
    ### END SOLUTION


# %%
async def ten_at_once(room: int) -> list:
    """What ten requests get that come at the same moment, when a pass takes a second and two jobs."""

    async def slow(x: np.ndarray) -> np.ndarray:
        await asyncio.sleep(1)
        return 2 * x

    async with batching(slow, most=2, wait=0, room=room) as submit:
        tasks = [asyncio.create_task(submit(np.array(number))) for number in range(10)]
        await asyncio.sleep(0.5)  # and now the context is left, with most of the work still to do
    return await asyncio.gather(*tasks, return_exceptions=True)


# %%
answers = simulated.run(ten_at_once(room=0))
assert answers == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]  # left after half a second, and yet all are answered
assert sum(isinstance(each, Busy) for each in simulated.run(ten_at_once(room=4))) == 6

# %% check="batching" points=2
check("batching")

# %% [markdown]
# **See it.** What does gathering cost a request, and what does it gain? Requests at random moments, more and more of
# them, in made-up time; a pass costs 4 ms and half a millisecond for each job. Without batches 222 requests a second
# are the limit. The curves end where a service has more to do than it can.

# %%
FIRST = 0.004  # seconds of a pass, and for each job in it
EACH = 0.0005


async def made_up_model(x: np.ndarray) -> np.ndarray:
    """A model that takes its time, and nothing else."""
    await asyncio.sleep(FIRST + EACH * len(x))
    return x


async def visit(moments: np.ndarray, **settings) -> np.ndarray:
    """Requests at these moments (seconds, rising); returns how long each took, shape (n,), infinite where it was refused."""
    loop, took = asyncio.get_running_loop(), np.full(len(moments), np.inf)

    async def request(number: int) -> None:
        with contextlib.suppress(Busy):
            await submit(moments[number])
            took[number] = loop.time() - moments[number]

    async with batching(made_up_model, **settings) as submit, asyncio.TaskGroup() as group:
        for number, moment in enumerate(moments):
            await asyncio.sleep(moment - loop.time())
            group.create_task(request(number))
    return took


# %%
def crowd(rate: float, count: int, seed: int) -> np.ndarray:
    """The moments of `count` requests that come independently of each other, `rate` a second on average."""
    return np.cumsum(np.random.default_rng(seed).exponential(1 / rate, count))


# %%
rates = [25, 50, 100, 150, 200, 400, 800, 1200]
WAYS = {"no batches": {"most": 1, "wait": 0}, "batches, wait 0": {"wait": 0}, "batches, wait 8 ms": {"wait": 0.008}}
slow_ones = {
    name: [
        1e3 * np.quantile(simulated.run(visit(crowd(rate, 600, lab.seed), room=0, **way)), 0.99)
        for rate in rates
        if way.get("most") != 1 or rate <= 200
    ]
    for name, way in WAYS.items()
}
plot.lines(
    {name: (rates[: len(times)], times) for name, times in slow_ones.items()},
    xs=rates,
    x="requests per second",
    y="99th percentile in ms",
    log_x=True,
    caption="How long the slowest hundredth of the requests takes at least, by load, in made-up time.",
    alt="Without batches the time rises steeply toward 200 a second; with batches it rises slowly up to 1,200; waiting 8 ms costs most where the load is small.",
)

# %% [markdown]
# Left, where there is hardly anybody to share with, waiting is pure cost. And right? A worker that waits for nobody
# gathers just as well, because jobs pile up during its passes. So why wait at all? Because not all requests are
# independent. The next cell sends *regulars*: 32 clients who ask again as soon as they have been answered.


# %%
async def regulars(wait: float, seconds: float = 2.0) -> tuple[float, float]:
    """32 clients that ask again within 2 ms of each answer: answers per second, and jobs per pass on average."""
    sizes, loop, rng = [], asyncio.get_running_loop(), np.random.default_rng(lab.seed)

    async def counted(x: np.ndarray) -> np.ndarray:
        sizes.append(len(x))
        return await made_up_model(x)

    async def regular(submit: Callable) -> None:
        while loop.time() < seconds:
            await submit(np.zeros(1))
            await asyncio.sleep(rng.uniform(0, 0.002))

    async with batching(counted, wait=wait) as submit:
        await asyncio.gather(*(regular(submit) for _ in range(32)))
    return sum(sizes) / loop.time(), float(np.mean(sizes))


# %%
for wait in (0, 0.001, 0.002, 0.008):
    rate, size = simulated.run(regulars(wait))
    print(f"wait {1e3 * wait:.0f} ms: {rate:,.0f} answers a second, {size:.1f} jobs in a pass")

# %% [markdown]
# Without waiting, the first to come back takes the worker for itself, the others meet behind it, and the halves never
# find together again. Here a short wait pays, and a longer one gains no more. So `wait` is small against a pass; below
# it will be half a pass of a single picture, which a lonely client can bear.

# %% [markdown]
# ## 4. A limit for each client
#
# A bounded queue protects the service, but not the other clients: a script in an endless loop fills the queue again as
# soon as there is room. So each client gets a *token bucket*. It holds at most `burst` tokens, is full at first, and
# `rate` tokens a second drip into it. Each request takes one. If there is less than a whole one, the request is
# refused, and it is polite to say when to come back.
#
# No timer is needed. Remember the number of tokens and the moment at which it was right; when somebody asks, compute
# what has dripped in since. The clock comes in as an argument, for the same reason as before.
#
# **Predict**: `rate` is 2, `burst` is 3. A client asks every 0.1 seconds. How many of its first 13 requests (0 to 1.2
# seconds) get through?
#
# **Write** `take`. Count in fractions: a client who asks often must not lose what dripped in between.


# %% solution="bucket"
class TokenBucket:
    """A limit of `rate` requests per second in the long run, with up to `burst` at once; `clock` returns seconds."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self) -> float:
        """Take a token and return 0.0; or, if there is no whole one, take nothing and return the seconds until there is."""
        ### BEGIN SOLUTION
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + self.rate * (now - self.moment))
        self.moment = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0
        ### END SOLUTION


# %%
hands = [0.0]  # a clock that we move by hand
bucket = TokenBucket(rate=2, burst=3, clock=lambda: hands[0])
assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]  # three at once; the next token is half a second away
hands[0] = 0.5
assert [bucket.take(), bucket.take()] == [0, 0.5]

# %% check="bucket" points=1
check("bucket")

# %% [markdown]
# **See it.** The client of the question, for four seconds.

# %%
hands[0] = 0.0
bucket = TokenBucket(rate=2, burst=3, clock=lambda: hands[0])
asked, let_through = [], []
for tick in range(41):
    hands[0] = tick / 10
    asked.append(hands[0])
    let_through.append(bucket.take() == 0)
print(f"{sum(let_through[:13])} of the first 13, {sum(let_through)} of 41 requests in 4 seconds")
plot.lines(
    {"asked": (asked, np.arange(1, 42)), "let through": (asked, np.cumsum(let_through)), "burst + rate · time": ([0, 4], [3, 11])},
    x="seconds",
    y="requests so far",
    caption="A client that asks ten times a second, and what a bucket with rate 2 and burst 3 lets through.",
    alt="The requests asked rise steeply; those let through are a staircase that follows the straight line from 3 to 11.",
)

# %% [markdown]
# The staircase stays under its line. Compare a simpler rule, "at most 2 in each second of the clock": at the turn of
# the second it lets 4 through within a moment. A bucket has no such seam.

# %% [markdown]
# ## 5. Numbers for those on duty
#
# A service that nobody watches is down more often than anybody thinks. *Prometheus* is the most common watcher. Every
# few seconds it reads a page, `/metrics`, with lines of plain text, and keeps their history. Two kinds of numbers
# matter here. A *counter* only rises: requests answered so far. A *histogram* describes a distribution, such as that of
# the latencies, with a few counters:
#
# ```text
# # HELP seconds How long answers took.
# # TYPE seconds histogram
# seconds_bucket{le="0.01"} 3
# seconds_bucket{le="0.1"} 5
# seconds_bucket{le="+Inf"} 6
# seconds_sum 0.94
# seconds_count 6
# ```
#
# `le` means *less or equal*: five of six answers took at most 0.1 seconds, *including* the three that took at most
# 0.01. Buckets are **cumulative**. So each line means something on its own, and a watcher can leave some out. The last
# bucket, `+Inf`, holds everything and equals the count. Counters of several copies of a service may be added up, and
# quantiles may not: that is why a histogram is published and not "the p99".
#
# **Predict**: which of the lines above change when an answer takes exactly 0.1 seconds?
#
# **Write** `render`; `observe` is given. (`bisect_left` finds the first bound that is not below the value.) A number
# is written as Python writes it, and each line ends with a newline character.


# %% solution="histogram"
class Histogram:
    """A distribution by counters. bounds: the upper ends of the buckets, rising; one more bucket takes what is above them."""

    def __init__(self, name: str, about: str, bounds: list[float]):
        self.name, self.about, self.bounds = name, about, bounds
        self.counts, self.total = [0] * (len(bounds) + 1), 0.0  # of each bucket alone; the sum of all values

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def render(self) -> str:
        """The histogram in Prometheus' text format: HELP, TYPE, a cumulative bucket for each bound and for +Inf, _sum, _count."""
        ### BEGIN SOLUTION
        lines = [f"# HELP {self.name} {self.about}", f"# TYPE {self.name} histogram"]
        below = 0
        for bound, count in zip([*self.bounds, "+Inf"], self.counts, strict=True):
            below += count
            lines.append(f'{self.name}_bucket{{le="{bound}"}} {below}')
        lines += [f"{self.name}_sum {self.total}", f"{self.name}_count {below}"]
        return "\n".join(lines) + "\n"
        ### END SOLUTION


# %%
histogram = Histogram("seconds", "How long answers took.", [0.01, 0.1])
for value in (0.004, 0.005, 0.01, 0.05, 0.1, 0.8):
    histogram.observe(value)
assert 'seconds_bucket{le="0.1"} 5\nseconds_bucket{le="+Inf"} 6\n' in histogram.render()

# %% check="histogram" points=1
check("histogram")

# %% [markdown]
# **See it.** A dashboard that says "p99" has seen buckets only. It looks for the bucket in which the quantile lies, and
# assumes that the values in it are spread evenly. The cell below reads your text with Prometheus' own parser and does
# the same, for the times of the last figure, with fine buckets and with coarse ones.


# %%
def buckets_of(text: str, name: str) -> np.ndarray:
    """The buckets of a histogram on a page of metrics: bounds and cumulative counts, shape (n, 2)."""
    family = next(each for each in text_string_to_metric_families(text) if each.name == name)
    return np.array([(float(each.labels["le"]), each.value) for each in family.samples if each.name.endswith("_bucket")])


def quantile_of(buckets: np.ndarray, q: float) -> float:
    """The q-quantile as Prometheus' histogram_quantile estimates it from buckets (n, 2)."""
    low, under = 0.0, 0.0
    for bound, below in buckets:
        if below >= q * buckets[-1, 1]:
            return low if bound == math.inf else low + (bound - low) * (q * buckets[-1, 1] - under) / (below - under)
        low, under = bound, below
    return math.nan


# %%
FINE = [0.001 * 1.25**power for power in range(45)]
COARSE = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
times = simulated.run(visit(crowd(800, 2000, lab.seed), wait=0.002, room=0))
for name, bounds in (("fine", FINE), ("coarse", COARSE)):
    histogram = Histogram("seconds", "Latency.", bounds)
    for seconds in times:
        histogram.observe(seconds)
    p50, p99 = (1e3 * quantile_of(buckets_of(histogram.render(), "seconds"), q) for q in (0.5, 0.99))
    print(f"{name:6s} buckets say p50 {p50:5.1f} ms, p99 {p99:5.1f} ms")
print(f"the times themselves: {1e3 * np.quantile(times, 0.5):5.1f} ms, {1e3 * np.quantile(times, 0.99):9.1f} ms")

# %% [markdown]
# The coarse bounds are typical defaults of libraries, and an estimate from them can be off by as much as a bucket is
# wide. Put bounds where your promises are: if you promise 50 ms, have a bucket that ends there, and its count answers
# exactly.

# %% [markdown]
# ## 6. The endpoint: cheap refusals first
#
# FastAPI can read and validate a request's body before your function is called. Convenient, but not here: the limits
# must come *before* the body is read, or a stranger fills the memory while you are being polite. So the function takes
# the raw `Request`. Each refusal is an `HTTPException(status, text, headers)`, and its status says whose turn it is:
#
# | in this order | status | headers |
# | --- | --- | --- |
# | the service is not ready: it starts, or shuts down | 503 | `Retry-After: 1`, `Connection: close` |
# | the client's bucket is empty | 429 | `Retry-After`: whole seconds, rounded up |
# | the body has more than `most_bytes` bytes | 413 | `Connection: close` |
# | it is no picture: `pixels_of` raises a `ValueError` | 422 | |
# | `submit` raises `Busy` | 503 | `Retry-After: 1` |
# | no answer after `deadline` seconds | 504 | |
#
# 4xx means "change something before you ask again", 5xx "it is not your fault". `Connection: close` ends the
# connection after the answer: when shutting down, so that the client connects to another copy of the service; and after
# a body that you did not read to its end, because what follows on that connection would be its rest. The header
# `Content-Length` is the client's word, and may be missing. Count what really comes: `async for chunk in
# request.stream()`.
#
# A deadline is `async with asyncio.timeout(seconds)`. It cancels what is awaited in it, here the job's future, and
# `settle` leaves the job out. Everything else that goes wrong in the model is a bug of the service: let it through, and
# FastAPI makes it a 500.


# %%
class Picture(BaseModel):
    """What a client sends as JSON: 64 numbers, ink from 0 to 16, row by row."""

    pixels: Annotated[list[Annotated[float, Field(ge=0, le=16)]], Field(min_length=64, max_length=64)]

    def array(self) -> np.ndarray:
        """The picture as the network wants it: float32 of shape (1, 8, 8), from 0 to 1."""
        return np.array(self.pixels, dtype=np.float32).reshape(1, 8, 8) / 16


def pixels_of(body: bytes) -> np.ndarray:
    """The picture in a request's body, shape (1, 8, 8). Errors: ValueError if there is none (pydantic's errors are of this kind)."""
    return Picture.model_validate_json(body).array()


# %%
BOUNDS = [0.001 * 1.25**power for power in range(45)]  # seconds, from a millisecond to 18 s


@dataclass
class Service:
    """What the endpoint needs to know, and what it has counted."""

    rate: float = 1e6  # requests per second and client
    burst: float = 1e6
    most_bytes: int = 4096
    deadline: float = 30.0  # seconds
    ready: bool = False
    submit: Callable | None = None
    buckets: dict[str, TokenBucket] = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)
    arrived: list[int] = field(default_factory=list)  # numbers of all requests, and of those that were answered with 200
    answered: list[int] = field(default_factory=list)
    seconds: Histogram = field(default_factory=lambda: Histogram("predict_seconds", "Time to an answer.", BOUNDS))
    batches: Histogram = field(default_factory=lambda: Histogram("batch_size", "Pictures in a pass.", [1, 2, 4, 8, 16, 32]))

    def bucket(self, client: str) -> TokenBucket:
        """The bucket of this client, made when it first comes."""
        if client not in self.buckets:
            self.buckets[client] = TokenBucket(self.rate, self.burst)
        return self.buckets[client]


# %% [markdown]
# Clients are told apart by a header, `X-Client`; a real service takes its API key for that.
#
# **Predict**: a request with a body of 1 MB comes from a client whose bucket is empty, while the service is shutting
# down. Which status does it get, and how much of its body has been read?
#
# **Write** `predict`. Mind the two places at which a `ValueError` can arise, and that only one of them is the client's.


# %% solution="predict"
async def predict(service: Service, request: Request) -> dict:
    """The answer to one request: {"digit": 0 to 9, "confidence": its chance}, plain numbers. Errors: HTTPException, as in the table.

    service.submit gives the chances of the ten digits, shape (10,). The client is request.headers.get("x-client", "").
    """
    ### BEGIN SOLUTION
    if not service.ready:
        raise HTTPException(503, "not ready", {"Retry-After": "1", "Connection": "close"})
    if pause := service.bucket(request.headers.get("x-client", "")).take():
        raise HTTPException(429, "too many requests from you", {"Retry-After": str(math.ceil(pause))})
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > service.most_bytes:
            raise HTTPException(413, f"more than {service.most_bytes} bytes", {"Connection": "close"})
    try:
        x = pixels_of(body)
    except ValueError:
        raise HTTPException(422, "send JSON with 64 pixels from 0 to 16") from None
    try:
        async with asyncio.timeout(service.deadline):
            chances = await service.submit(x)
    except Busy as busy:
        raise HTTPException(503, str(busy), {"Retry-After": "1"}) from None
    except TimeoutError:
        raise HTTPException(504, "no answer in time") from None
    return {"digit": int(chances.argmax()), "confidence": float(chances.max())}
    ### END SOLUTION


# %%
async def asked(service: Service, body: bytes, **headers: str) -> dict | int:
    """What predict makes of one request: its answer, or the status of its refusal."""

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    try:
        return await predict(service, Request({"type": "http", "headers": pairs}, receive))
    except HTTPException as refusal:
        return refusal.status_code


async def sure(x: np.ndarray) -> np.ndarray:
    """Chances for one picture, in place of a batcher: always a seven."""
    return np.eye(10)[7]


# %%
good = json.dumps({"pixels": [3] * 64}).encode()
service = Service(rate=1, burst=3, ready=True, submit=sure)
assert simulated.run(asked(service, good)) == {"digit": 7, "confidence": 1.0}
assert [simulated.run(asked(service, body)) for body in (b"tax return", b" " * 5000, good)] == [422, 413, 429]
assert simulated.run(asked(service, good, x_client="another")) == {"digit": 7, "confidence": 1.0}
assert simulated.run(asked(Service(submit=sure), good)) == 503

# %% check="predict" points=2
check("predict")

# %% [markdown]
# ## The whole service
#
# What is left is given, but read it. Two things run beside the event loop: the network, in a thread of its own, so that
# the loop can take in requests during a pass (torch lets go of Python's lock while it multiplies); and the signals.
# `make_app` has the paths. `/healthz` asks "are you alive?": if not, restart me. `/readyz` asks "do you want
# requests?": if not, leave me alone. When a service shuts down, the first is still true and the second is not.


# %%
def in_thread(network: nn.Sequential, device: str, sizes: Histogram) -> Callable:
    """The network as an asynchronous model: pictures (n, 1, 8, 8) to chances (n, 10). It runs in a thread, one pass at a time."""
    thread = ThreadPoolExecutor(1)

    def chances(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(x).to(device)).softmax(dim=1).cpu().numpy()

    async def model(x: np.ndarray) -> np.ndarray:
        sizes.observe(len(x))
        return await asyncio.get_running_loop().run_in_executor(thread, chances, x)

    return model


# %%
def report(service: Service) -> str:
    """The page for Prometheus."""
    lines = ["# HELP predict_requests_total Requests by status.", "# TYPE predict_requests_total counter"]
    lines += [f'predict_requests_total{{status="{status}"}} {count}' for status, count in sorted(service.statuses.items())]
    lines += ["# HELP process_cpu_seconds_total Processor time of this process.", "# TYPE process_cpu_seconds_total counter"]
    lines += [f"process_cpu_seconds_total {time.process_time()}"]
    return "\n".join(lines) + "\n" + service.seconds.render() + service.batches.render()


def make_app(service: Service) -> FastAPI:
    """The application: a path for pictures, and three for those who run it."""
    app = FastAPI(title="Digits")

    @app.post("/predict")
    async def endpoint(request: Request) -> JSONResponse:
        number, began, status = int(request.headers.get("x-request-id", "-1")), time.perf_counter(), 500
        service.arrived.append(number)
        try:
            answer, status = await predict(service, request), 200
            service.answered.append(number)
            return JSONResponse(answer)
        except HTTPException as refusal:
            status = refusal.status_code
            raise
        finally:
            service.statuses[status] += 1
            service.seconds.observe(time.perf_counter() - began)

    add_pages(app, service)
    return app


# %%
def add_pages(app: FastAPI, service: Service) -> None:
    """Add the three pages for those who run the service."""

    @app.get("/healthz")
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("alive")

    @app.get("/readyz")
    async def ready() -> PlainTextResponse:
        return PlainTextResponse("ready" if service.ready else "not ready", 200 if service.ready else 503)

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(report(service), media_type="text/plain; version=0.0.4")


# %% [markdown]
# And the life of the service, from start to end. `kill -TERM` (Kubernetes and systemd send the same) is a request to
# end, with some seconds of grace before `SIGKILL`, which is none. uvicorn would stop listening at once when it comes.
# Here it only sets `stop`, and `main` takes the steps one by one:
#
# 1. `ready` is false: 503 for who comes now, here and at `/readyz`;
# 2. leaving your context answers everything that was taken in;
# 3. the service lingers for a moment. Clients keep connections open and may be sending right now. They get a 503 with
#    `Connection: close`, not a slammed door;
# 4. uvicorn stops listening and waits until the last answer has been written; `main` returns, exit code 0.
#
# Three more lines have a story each, told below: the third argument of `socket`, `gc.freeze()`, and the first `submit`.


# %%
class Server(uvicorn.Server):
    """uvicorn, except that a signal sets an event and does nothing else."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event):
        super().__init__(config)
        self.stop, self.loop = stop, asyncio.get_running_loop()

    def handle_exit(self, number: int, frame: object) -> None:
        """Called by Python when SIGTERM or SIGINT has come, in the middle of anything."""
        self.loop.call_soon_threadsafe(self.stop.set)


# %%
async def main(settings: dict) -> None:
    """Serve the classifier beside this file until a signal comes (or `limit` seconds), answer what was taken in, return."""
    service, stop = Service(**settings["service"]), asyncio.Event()
    model = in_thread(load_classifier(Path("classifier"), settings["device"]), settings["device"], service.batches)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))  # any free port
    options = {"http": "h11", "loop": "asyncio", "lifespan": "off", "log_level": "error", "access_log": False}
    server = Server(uvicorn.Config(make_app(service), **options), stop)
    serving = asyncio.create_task(server.serve([listening]))
    async with batching(model, **settings["batching"]) as service.submit:
        await service.submit(np.zeros((1, 8, 8), np.float32))
        gc.collect()
        gc.freeze()
        while not server.started:
            await asyncio.sleep(0.01)
        service.ready = True
        print(listening.getsockname()[1], flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings["limit"])
        service.ready = False
    await asyncio.sleep(settings["linger"])
    server.should_exit = True
    await serving
    print(json.dumps({"arrived": service.arrived, "answered": service.answered, "statuses": service.statuses}))


# %% [markdown]
# The last line is a journal for our proof: the numbers of all requests that arrived. Now the program that asks: many
# connections, each of which sends its next request when the last one is answered. It is so short because HTTP is: a
# line, some headers, an empty line, a body. For each request it keeps the number, the status (0: the connection ended
# without an answer, -1: none could be opened), the seconds and the digit.


# %%
async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, body: str) -> tuple[int, int, bool]:
    """Send one request; returns the status, the digit (-1: none), and whether the server closes the connection."""
    head = f"POST /predict HTTP/1.1\r\nHost: model\r\nX-Request-Id: {number}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    top = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    content = json.loads(await reader.readexactly(int(re.search(r"content-length: (\d+)", top)[1])))
    return int(top.split()[1]), content.get("digit", -1), "connection: close" in top


async def client(port: int, numbers: Iterator[int], bodies: list[str], told: list) -> None:
    """Send requests over one connection until there are no numbers left, the service shuts down, or the connection ends."""
    connected = False
    for number in numbers:
        began, status, digit, closes = time.perf_counter(), 0 if connected else -1, -1, True
        try:
            if not connected:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                connected, status = True, 0
            status, digit, closes = await exchange(reader, writer, number, bodies[number % len(bodies)])
        except (OSError, asyncio.IncompleteReadError):
            pass
        told.append((number, status, time.perf_counter() - began, digit))
        if closes:
            return


# %%
async def fire(port: int, connections: int, first: int, count: int) -> None:
    """Send `count` requests, numbered from `first` on, over so many connections; print number, status, seconds and digit of each."""
    bodies, told, numbers = json.loads(Path("bodies.json").read_text(encoding="utf-8")), [], iter(range(first, first + count))
    began = time.perf_counter()
    await asyncio.gather(*(client(port, numbers, bodies, told) for _ in range(connections)))
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": told}))


# %% [markdown]
# The next cells write two programs out of these functions as they stand in this notebook, `service.py` and `load.py`,
# into the folder `digit-service`. (If an answer of yours needs another import, add it to `IMPORTS`.)

# %%
import ast
import importlib.util
import inspect
import linecache
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request

# %%
IMPORTS = """import asyncio, json, re, sys, time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
"""
SERVICE_IMPORTS = """import contextlib, gc, math, socket
from bisect import bisect_left
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated
import numpy as np
import torch, uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field
from torch import nn
torch.set_num_threads(1)
"""
SERVICE = (Job, Busy, TokenBucket, Histogram, Picture, Service, Server, pixels_of, load_classifier)
SERVICE += (in_thread, collect, settle, batching, predict, report, make_app, add_pages, main)
START = "asyncio.run(main(json.loads(sys.argv[1])))\n"


# %%
def text_of(thing: Callable) -> str:
    """The text of a function or class of this notebook. (inspect does not find the classes of a notebook; their methods it does.)"""
    if not inspect.isclass(thing):
        return inspect.getsource(thing)
    method = next(each for each in vars(thing).values() if inspect.isfunction(each) and linecache.getlines(each.__code__.co_filename))
    cell = ast.parse("".join(linecache.getlines(method.__code__.co_filename)))
    return ast.unparse(next(node for node in cell.body if isinstance(node, ast.ClassDef) and node.name == thing.__name__))


# %%
bounds = f"BOUNDS = {BOUNDS!r}"
(FOLDER / "service.py").write_text("\n\n".join([IMPORTS, SERVICE_IMPORTS, bounds, *map(text_of, SERVICE), START]), encoding="utf-8")
start = "asyncio.run(fire(*map(int, sys.argv[1:])))\n"
(FOLDER / "load.py").write_text("\n\n".join([IMPORTS, *map(text_of, (exchange, client, fire)), start]), encoding="utf-8")
bodies = [json.dumps({"pixels": picture.astype(int).tolist()}) for picture in pixels]
(FOLDER / "bodies.json").write_text(json.dumps(bodies), encoding="utf-8")
for name in ("service.py", "load.py"):
    print(f"{FOLDER / name}: {len((FOLDER / name).read_text(encoding='utf-8').splitlines())} lines")


# %%
LIMIT = 600  # seconds; nothing that is started below lives longer


def end(process: subprocess.Popen) -> None:
    """End a process, and those that it has started, by force."""
    if os.name == "nt":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the process leads a group of its own, because of start_new_session


# %%
@contextlib.contextmanager
def serving(program: list[str], limit: float = LIMIT) -> Iterator[tuple[subprocess.Popen, int]]:
    """Context in which a Python program serves: yields its process and the port that it prints first. It never outlives the context."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    options = {"stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # what Windows has instead
    process = subprocess.Popen([sys.executable, *program], cwd=FOLDER, env=environment, **options)
    watchdog = threading.Timer(limit, end, [process])
    watchdog.daemon = True
    watchdog.start()
    try:
        port = process.stdout.readline()
        if not port.strip().isdigit():
            raise RuntimeError(f"The service did not start. Run `python {program[0]} ...` in {FOLDER}, and read what it says.")
        yield process, int(port)
    finally:
        watchdog.cancel()
        end(process)
        process.communicate()


def settings(service: dict | None = None, **batching: float) -> list[str]:
    """The command line of our service. `service`: settings of Service; the others are those of the batcher."""
    everything = {"service": service or {}, "batching": batching, "device": lab.device, "limit": LIMIT, "linger": 0.5}
    return ["service.py", json.dumps(everything)]


# %%
def page(port: int, path: str = "/metrics") -> str:
    """A page of the service."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as reply:
        return reply.read().decode()


def begin_load(port: int, connections: int, count: int, first: int = 0) -> subprocess.Popen:
    """Start the program that asks, in a process of its own."""
    command = [sys.executable, "load.py", *map(str, (port, connections, first, count))]
    return subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True)


def end_load(process: subprocess.Popen, limit: float = LIMIT) -> tuple[np.ndarray, float]:
    """Wait until it has ended: its rows (n, 4) of number, status, seconds and digit, and the seconds of the whole."""
    try:
        told = json.loads(process.communicate(timeout=limit)[0])
    finally:
        process.kill()
    return np.array(told["rows"], dtype=float), told["seconds"]


def misread(rows: np.ndarray) -> int:
    """How many answers do not hold the digit that this notebook reads in the picture of the same number."""
    answers = rows[rows[:, 1] == 200].astype(int)
    return int((answers[:, 3] != read[answers[:, 0] % len(read)]).sum())


# %% [markdown]
# Two services are started now, in processes of their own: yours, and **the same one with batches of a single picture**.
# They stay up for the rest of the lab. `wait` is half of what a single pass takes here.

# %%
running = contextlib.ExitStack()
yours, port = running.enter_context(serving(settings(most=32, wait=cost[1] / 2, room=256)))
plain, plain_port = running.enter_context(serving(settings(most=1, wait=0, room=256)))
print(f"yours listens on port {port}: {page(port, '/readyz')}, the other one on {plain_port}: {page(plain_port, '/readyz')}")

# %% [markdown]
# **Predict**: the queue has room for 256, a pass takes 32. 500 clients connect at the same moment and ask twice. How
# many are refused in the first instant? (These clients are rude: they ask again at once, whatever `Retry-After` says.)

# %%
rows, _ = end_load(begin_load(port, connections=500, count=1000))
print(f"statuses: {dict(Counter(rows[:, 1].astype(int).tolist()))}")
print("\n".join(line for line in page(port).splitlines() if line.startswith(("predict_requests", "batch_size"))))
claim(
    "each request got an answer or a no, and each answer is that of its own picture", set(rows[:, 1]) <= {200, 503} and misread(rows) == 0
)

# %% [markdown]
# Now steady work: 32 clients, thousands of requests in one run. None may be lost, none answered twice, none with the
# digit of somebody else's picture.

# %%
count, before = lab.params["requests"], buckets_of(page(port), "predict_seconds")
rows, seconds = end_load(begin_load(port, connections=32, count=count, first=10_000))
once = np.array_equal(np.sort(rows[:, 0]), np.arange(10_000, 10_000 + count))
lost = count - int((rows[:, 1] == 200).sum())
p50, p99 = 1e3 * np.quantile(rows[:, 2], [0.5, 0.99])
print(f"{count} requests in {seconds:.1f} s, {count / seconds:,.0f} a second; p50 {p50:.1f} ms, p99 {p99:.1f} ms; lost: {lost}")
new = buckets_of(page(port), "predict_seconds")
new[:, 1] -= before[:, 1]  # counters only rise: the difference is what happened in between
print(f"p99 on a dashboard: {1e3 * quantile_of(new, 0.99):.1f} ms")
record("lost", lost)
claim("all requests are answered, each once, with the digit of its own picture", once and lost == 0 and misread(rows) == 0)

# %% [markdown]
# The dashboard mostly shows less than the clients feel, and both are right. The client's clock starts when it sends;
# the service's starts when its event loop gets round to the request. What waits before that, in the operating system or
# behind other tasks of the loop, no dashboard of the service sees.
#
# ## Experiment: a queue without an end
#
# Is a refusal not the worst answer? Crowds of visitors arrive for one second, half as many again as the service can
# take: batches of 8, so its *capacity* is $8 / (4 + 8 \cdot 0.5)$ requests a millisecond, one thousand a second. A
# visitor whose answer takes longer than 100 ms has left. What counts is *goodput*: answers within these 100 ms,
# compared with what the capacity allows in that second and the 100 ms after it. In made-up time, so the numbers are
# the same in each run.
#
# **Predict** the goodput of both, a queue with room for 48 and one without bound. And how would the second change if
# the crowd came for ten seconds instead of one?


# %%
CAPACITY = 8 / (FIRST + 8 * EACH)  # requests per second


def goodput(took: np.ndarray, seconds: float) -> float:
    """Answers within 100 ms, as a share of what the capacity allows; took: shape (n,), infinite where refused."""
    return float((took <= 0.1).sum() / (CAPACITY * (seconds + 0.1)))


def crowds(room: int, seconds: float = 1.0) -> list[np.ndarray]:
    """For each seed, how long the requests of a crowd took that comes with 1.5 times the capacity."""
    count = int(1.5 * CAPACITY * seconds)
    seeds = lab.seeds(lab.params["crowds"])
    return [simulated.run(visit(crowd(1.5 * CAPACITY, count, seed), most=8, wait=0, room=room)) for seed in seeds]


def interval(values: list[float]) -> tuple[float, float, float]:
    """The mean, and the ends of its 95 % interval (mean ± 2 standard errors)."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(np.mean(values) - 2 * error), float(np.mean(values) + 2 * error)


# %%
took = {"room for 48": crowds(48), "no bound": crowds(0)}
good = {name: interval([goodput(each, 1.0) for each in runs]) for name, runs in took.items()}
for name, runs in took.items():
    refused = np.mean([np.isinf(each).mean() for each in runs])
    slowest = 1e3 * max(each[np.isfinite(each)].max() for each in runs)
    mean, low, high = good[name]
    print(f"{name:12s} goodput {mean:.0%} of the capacity ({low:.0%} to {high:.0%}); refused: {refused:.0%}; slowest: {slowest:.0f} ms")
record("goodput_bounded", good["room for 48"][0])
record("goodput_unbounded", good["no bound"][0])
claim("with a bounded queue most of the capacity becomes answers in time", good["room for 48"][1] > 0.9)
claim("without a bound most answers come too late for anybody", good["no bound"][2] < 0.5)

# %%
sample = {name: runs[0] for name, runs in took.items()}
with plot.figure(
    caption="How long each request of the first crowd took, by when it came. Dashed: the visitors' patience.",
    alt="Without a bound the times rise steadily, far above the dashed line at 100 ms; with room for 48 they level off below it.",
) as ax:
    moments = 1e3 * crowd(1.5 * CAPACITY, len(sample["no bound"]), lab.seeds(lab.params["crowds"])[0])
    for name, each in sample.items():
        ax.plot(moments, 1e3 * each, ".", ms=3, label=name)
    ax.axhline(100, ls="--", lw=1, color=plot.NEUTRAL)
    ax.set_xlabel("arrival in milliseconds")
    ax.set_ylabel("milliseconds to the answer")
    ax.legend(markerscale=3)

# %% [markdown]
# Both services work at full speed all the time, and neither can serve more than two thirds of such a crowd. The
# difference is what becomes of the rest. The bounded queue says no to a third, at once, and serves the others well. The
# unbounded one says yes to all and is late for most: soon it works only for clients who have given up. The longer the
# crowd stays, the closer its goodput comes to zero. The size of a queue is a promise about time: whoever is let in
# waits for about `room` divided by the capacity, and no longer.

# %% [markdown]
# ## Against the real thing
#
# *LitServe* is a library for serving models, FastAPI inside, with batching built in. It gets the same network and the
# same two numbers, 32 and half a pass. It is optional (`pip install litserve`): without it, its line is missing below.

# %%
PEER = """
class Digits(litserve.LitAPI):
    def setup(self, device):
        self.network = load_classifier(Path("classifier"), device)

    def decode_request(self, request):
        return torch.from_numpy(Picture.model_validate(request).array())

    def batch(self, pictures):
        return torch.stack(pictures)

    def predict(self, x):
        with torch.inference_mode():
            return self.network(x.to(self.device)).softmax(dim=1).cpu()

    def unbatch(self, chances):
        return list(chances)

    def encode_response(self, chances):
        return {"digit": int(chances.argmax()), "confidence": float(chances.max())}

if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    print(port, flush=True)
    api = Digits(max_batch_size=32, batch_timeout=float(sys.argv[1]))
    litserve.LitServer(api, accelerator=sys.argv[2]).run(host="127.0.0.1", port=port, log_level="error", generate_client_file=False)
"""


# %%
def peer_port(patience: float = 60) -> int | None:
    """The port of a LitServe server that has been started and is well; None if LitServe is not here."""
    if importlib.util.find_spec("litserve") is None:
        print("LitServe is not here; its line is left out. For it: pip install litserve")
        return None
    parts = [IMPORTS, SERVICE_IMPORTS, "import litserve", text_of(Picture), text_of(load_classifier), PEER]
    (FOLDER / "peer.py").write_text("\n\n".join(parts), encoding="utf-8")
    _, port = running.enter_context(serving(["peer.py", str(cost[1] / 2), lab.device]))
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            page(port, "/health")
            return port
        time.sleep(0.2)
    raise TimeoutError("LitServe did not come up.")


# %% [markdown]
# The services take turns, five times: 32 clients at once. Two clocks are read. The one on the wall tells requests per
# second, together with whatever else this computer does. The processor time of a service, from its own `/metrics`,
# tells what a request costs it. At the end comes a single client, for whom gathering is nothing but waiting.


# %%
def cpu_seconds(port: int) -> float:
    """The processor time that a service of ours has used, read with Prometheus' own parser; NaN for others."""
    try:
        families = {family.name: family for family in text_string_to_metric_families(page(port))}
    except OSError:
        return math.nan
    return families["process_cpu_seconds"].samples[0].value


def trial(port: int, connections: int, count: int) -> dict[str, float]:
    """Requests per second, median and 99th percentile of the times in ms, and processor milliseconds for each request."""
    before = cpu_seconds(port)
    rows, seconds = end_load(begin_load(port, connections, count))
    p50, p99 = 1e3 * np.quantile(rows[:, 2], [0.5, 0.99])
    return {"rate": count / seconds, "p50": p50, "p99": p99, "cpu": 1e3 * (cpu_seconds(port) - before) / count}


# %%
ports = {"yours": (port, lab.params["gathered"]), "no batches": (plain_port, lab.params["single"])}
if theirs := peer_port():
    ports["LitServe"] = (theirs, lab.params["gathered"])
    trial(theirs, 32, 64)  # ours have warmed up, too
rounds = [{name: trial(where, 32, count) for name, (where, count) in ports.items()} for _ in range(lab.params["pairs"])]
alone = {name: trial(where, 1, lab.params["alone"]) for name, (where, _) in ports.items()}
print("             requests/s     p50 in ms   p99 in ms   processor ms each   p50 with 1 client")
for name in ports:
    rate, p50, p99, cpu = (np.median([each[name][key] for each in rounds]) for key in ("rate", "p50", "p99", "cpu"))
    print(f"{name:12s} {rate:10,.0f} {p50:13.1f} {p99:11.1f} {cpu:19.2f} {alone[name]['p50']:19.1f}")


# %%
def ratio(key: str, other: str) -> float:
    """The median over the rounds of: yours divided by the other one."""
    return float(np.median([each["yours"][key] / each[other][key] for each in rounds]))


record("throughput_ratio", ratio("rate", "no batches"))
record("processor_ratio", 1 / ratio("cpu", "no batches"))
record("p99_ratio", ratio("p99", "no batches"))
if theirs:
    print(f"yours answers {ratio('rate', 'LitServe'):.2f} times as many requests as LitServe, in this run")
claim("gathering at least doubles the throughput", ratio("rate", "no batches") > 2)
claim("and the slowest hundredth does not take twice as long", ratio("p99", "no batches") < 2)

# %% [markdown]
# More requests, *and* each of them sooner: 32 clients who wait for one another's single passes wait longer than 32 who
# share one. Only the client who is alone pays. Compare the last column with `wait`, and with the question of section 3.
#
# What do professional servers do better? LitServe runs several copies of the network, on several GPUs, each in a
# process of its own, so that a crash of one does not end the service. (On few cores the way between these processes is
# what you see in its line; with a network that takes longer, or with more cores, it hardly counts.) uvicorn becomes
# faster with `pip install "uvicorn[standard]"`, which brings a parser and an event loop in C. vLLM puts new requests
# into a batch that is already running (*continuous batching*), which pays where answers have different lengths. Your
# two numbers return in all of them under other names: `batch_timeout` in LitServe, `max_queue_delay_microseconds` in
# Triton, `max_num_seqs` in vLLM.
#
# Three lines of `main` that were found by measuring:
#
# - **`socket.IPPROTO_TCP`.** asyncio switches *Nagle's algorithm* off, but only where the socket names its protocol.
#   With that algorithm the second half of an answer waits until the client has confirmed the first, and Linux takes its
#   time for that, about 40 ms: a single client waits ten times as long as the network needs. Take the argument away and
#   see.
# - **`gc.freeze()`.** Python's garbage collector now and then looks at *all* objects, and importing torch makes very
#   many: everybody in flight waits for a tenth of a second or more, once in some hundred requests, enough to be the
#   p99. Frozen objects are left out of it.
# - **The first `submit`.** The first pass allocates memory and chooses its code. Better before `ready` than after.
#
# ## Pull the plug
#
# Now the promise of section 3, in earnest. 32 clients fire without end, and in the middle of it both services are
# stopped: the one without batches by `SIGKILL`, which no program can hear; yours by `SIGTERM`. For each, the clients'
# rows tell what became of every request: answered, refused, or *cut off*, sent and never heard of again.
#
# **Predict** the number of requests that are cut off, for both.

# %%
STOP = signal.SIGTERM if os.name == "posix" else signal.CTRL_BREAK_EVENT


def stop_under_load(process: subprocess.Popen, port: int, number: int, first: int) -> np.ndarray:
    """Fire with 32 clients, send the signal as soon as 200 more have been answered; returns the rows of the clients, (n, 4)."""
    before = buckets_of(page(port), "predict_seconds")[-1, 1]
    load = begin_load(port, connections=32, count=1_000_000, first=first)
    while buckets_of(page(port), "predict_seconds")[-1, 1] < before + 200:
        time.sleep(0.02)
    process.send_signal(number)
    return end_load(load)[0]


def cut_off(rows: np.ndarray) -> int:
    """How many requests were sent and got no answer."""
    return int((rows[:, 1] == 0).sum())


# %%
rows = stop_under_load(plain, plain_port, signal.SIGKILL if os.name == "posix" else signal.SIGTERM, first=2_000_000)
print(f"SIGKILL: {cut_off(rows)} of {len(rows)} requests cut off")
record("cut_off_by_kill", cut_off(rows))

# %%
FIRST_NUMBER = 5_000_000
rows = stop_under_load(yours, port, STOP, FIRST_NUMBER)
journal = json.loads(yours.communicate(timeout=60)[0])
statuses = dict(zip(rows[:, 0].astype(int).tolist(), rows[:, 1].astype(int).tolist(), strict=True))
taken_in = [number for number in journal["answered"] if number >= FIRST_NUMBER]
arrived = [number for number in journal["arrived"] if number >= FIRST_NUMBER]
print(
    f"SIGTERM: {cut_off(rows)} of {len(rows)} requests cut off; statuses {dict(Counter(statuses.values()))}; exit code {yours.returncode}"
)
lost = sum(statuses.get(number) != 200 for number in taken_in) + sum(statuses.get(number) not in (200, 503) for number in arrived)
record("lost_by_term", lost + cut_off(rows))
claim("every request that arrived has its answer or its refusal at the client, by its number", lost == 0 and cut_off(rows) == 0)
claim("and all answers are the right ones; the service ended by itself, with exit code 0", misread(rows) == 0 and yours.returncode == 0)
running.close()

# %% [markdown]
# Look at the number of 503s: each client heard one, and left. In a cluster a load balancer would have sent it to
# another copy of the service, and nobody would have noticed anything. That is how services are updated during the day.

# %% [markdown] answer="promise" points=2
# ## In your own words
#
# (a) A colleague simplifies `main`: on SIGTERM it calls `server.should_exit = True` at once, and the batcher is left
# when uvicorn has returned. "uvicorn waits for running requests anyway." All tests pass. Name a request that is lost
# now under load and was not lost before, and say what the lingering with 503 did for it. (b) `SIGTERM` is followed by
# `SIGKILL` after 30 seconds in Kubernetes. Which of the settings `most`, `room`, `deadline`, `linger` bound the time
# that your shutdown takes, and how would you compute it from the time of a pass? (c) Even so a request can be lost, or
# computed twice. What must clients and requests be like so that this does no harm?
#
# ### BEGIN SOLUTION
# (a) Clients keep their connections open between requests. When uvicorn stops, it closes those on which nothing is
# running. A client may have sent its next request in that very moment: the bytes lie in the operating system, the
# connection is closed on them, and the client gets a reset: sent, and no answer. While the service lingers, that
# request is read and gets a 503 with `Connection: close`, so that the client knows that nothing was done, and goes
# elsewhere. (Tried with the 32 clients of this lab, the simplified `main` cut off one request of each.)
#
# (b) When the signal comes, at most `room` jobs wait and at most `most` are in a pass: ⌈room / most⌉ + 1 passes, each
# as long as a full pass takes (more if a poisoned batch is split), plus `linger`, plus the writing of the answers.
# `deadline` also bounds it from the clients' side: jobs whose deadline has passed are left out. With a pass of 15 ms
# and room for 256 that is about 0.15 s and the linger: far below 30 s.
#
# (c) The machine can lose its power; then no shutdown runs. Clients must ask again, after a pause that grows, when a
# connection ends without an answer. Since they cannot know whether the request was carried out, carrying it out twice
# must do no harm: it is *idempotent*, as reading a digit is, or it carries a number by which the service recognizes it.
#
# *Rubric*: (a) 1 point for the request that is on its way on an open, idle connection, and for what the 503 tells its
# client; half without the second. (b) half a point for `room` and `most` (number of passes) and `linger`. (c) half a
# point for retries together with idempotence or recognizable requests.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **A pass inside the event loop.** `network(x)` in an `async def` stops everything else, `/healthz` included, and an
#   impatient orchestrator restarts a service that was only busy. Compute in a thread or a process.
# - **A queue without a bound**, because "memory is cheap". It is time that runs out.
# - **`wait` counted anew with each job.** Under steady trickle a batch then leaves only when it is full.
# - **One `try` around everything.** A bug of the model becomes a 422, and the client searches for its mistake.
# - **`except BaseException`** in a worker. It swallows its own cancellation, and the service never ends.
# - **An average latency on the dashboard.** It hides exactly those for whom it is bad. And quantiles of several copies
#   must not be averaged: add up the buckets.
# - **Buckets in a dictionary that only grows.** A stranger who invents a new name for each request fills your memory.
#   Forget buckets that are full again: a new one says the same.
# - **A test of load with one connection**, or one that asks next when it has been answered, like ours. When the service
#   stalls, such clients stop asking, and the stall appears as *one* slow request (*coordinated omission*). For a
#   promise about real visitors let requests come at fixed moments, as in the experiment.
#
# ## Scale it up
#
# `requests` in `lab.yml` is the length of the steady run; exercise 4 makes it 100,000. The `gpu` profile serves a wider
# network on a GPU, where a pass of 32 costs hardly more than one of a single picture. There the network is no longer
# the bottleneck: Python is, at a few thousand requests a second. More processes behind one port are the next step
# (`--workers`, or copies in a cluster). Each has a batcher of its own then, so batches become smaller again, unless one
# process gathers for all. That is the architecture of the serving labs, and of `cloud-kubernetes` next door, which lets
# copies come and go, and sends your service its SIGTERM.
#
# ## Exercises
#
# 1. [conceptual] Little's law says: requests in the system = rate · mean time in it. Apply it to the steady run with 32
#    clients. *Success*: from the printed rate you get the printed median time within 20 %.
# 2. [short-code] Let `bucket` forget: keep at most 1,000 clients, and drop those whose bucket is full again first.
#    *Success*: a million names, one request each, and `len(service.buckets)` never exceeds 1,000; a client with an
#    empty bucket is not dropped.
# 3. [short-code] Write a fair queue: one line for each client, and `collect` takes from them in turn. *Success*: in
#    made-up time, with one client at ten times the rate of nine others, the others' p99 is below twice what it is
#    without the greedy one.
# 4. [extended] Answer 100,000 requests in one run: set `requests` to 100,000 in `lab.yml`, or call `load.py` by hand in
#    `digit-service`. Meanwhile watch the memory of the service. *Success*: none lost, none misread; and you name the
#    two lists that make its memory grow, and what you would keep instead.
# 5. [extended] Let `wait` choose itself: start at 0, and let it follow the time between arrivals, so that a lonely
#    request never waits. *Success*: in the figure of section 3, your curve lies at or below both others at each load.
#
# ## References
#
# - D. Crankshaw and others (2017). *Clipper: A low-latency online prediction serving system.* NSDI. Section 4.3:
#   batching. <https://www.usenix.org/conference/nsdi17/technical-sessions/presentation/crankshaw>
# - B. Beyer, C. Jones, J. Petoff, N. Murphy (2016). *Site Reliability Engineering.* O'Reilly. Chapters 21, Handling
#   overload, and 22, Addressing cascading failures. <https://sre.google/sre-book/handling-overload/>
# - J. Dean, L. Barroso (2013). *The tail at scale.* Communications of the ACM 56(2), 74–80.
#   <https://doi.org/10.1145/2408776.2408794>
# - S. Williams, A. Waterman, D. Patterson (2009). *Roofline: an insightful visual performance model.* Communications of
#   the ACM 52(4), 65–76. <https://doi.org/10.1145/1498765.1498785>. Bound by memory, bound by arithmetic.
# - Prometheus: *Exposition formats*, <https://prometheus.io/docs/instrumenting/exposition_formats/>; *Histograms and
#   summaries*, <https://prometheus.io/docs/practices/histograms/>.
# - HTTP: RFC 9110 (2022), sections 10.2.3 and 15, <https://www.rfc-editor.org/rfc/rfc9110>; RFC 6585 (2012), section 4:
#   429, <https://www.rfc-editor.org/rfc/rfc6585>. J. Nagle (1984), RFC 896, <https://www.rfc-editor.org/rfc/rfc896>.
# - Kubernetes: *Pod lifecycle*, termination of pods,
#   <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>. FastAPI: <https://fastapi.tiangolo.com/>.
#   uvicorn: <https://uvicorn.dev/>. LitServe: <https://lightning.ai/docs/litserve/home>.
