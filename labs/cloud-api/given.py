"""Programs in made-up time for the checks of the lab cloud-api: queues, models, clients and clocks around the learner's code.

Its text is sent to the learner's kernel when a grader judges from outside. What happened comes back as plain data.
"""

import asyncio
import inspect

import numpy as np

from scratchlab import simulated


def run(program) -> dict:
    """What the program returns, a dictionary; with {"stuck": text} if it cannot go on. Other errors are the learner's and go through."""
    try:
        return {"stuck": "", **simulated.run(program, seconds=5)}
    except simulated.Stuck as stuck:
        return {"stuck": str(stuck)}


# ---- collect -----------------------------------------------------------------------------------------------------------


def collected(collect, moments, most, wait, calls, take=0.0) -> dict:
    """Jobs 0, 1, ... come at these moments; `collect` is called so often, and `take` seconds go by after each call.

    batches: the jobs that each call gave; times: when; kinds: what kind of thing it was; rest: what is left in the queue.
    """

    async def program():
        loop, queue = asyncio.get_running_loop(), asyncio.Queue()
        for number, moment in enumerate(moments):
            if moment <= 0:
                queue.put_nowait(number)
            else:
                loop.call_at(float(moment), queue.put_nowait, number)
        batches, times, kinds = [], [], []
        for _ in range(calls):
            batch = await asyncio.wait_for(collect(queue, most, wait), 1000)
            strange = [type(each).__name__ for each in batch if not isinstance(each, int)] if isinstance(batch, list) else []
            kinds.append(f"list that holds a {strange[0]}" if strange else type(batch).__name__)
            if strange or not isinstance(batch, list):
                return {"batches": [], "times": [], "kinds": kinds, "rest": queue.qsize()}
            batches.append([int(number) for number in batch])
            times.append(loop.time())
            await asyncio.sleep(take)
        return {"batches": batches, "times": times, "kinds": kinds, "rest": queue.qsize()}

    return run(program())


# ---- settle ------------------------------------------------------------------------------------------------------------


class Held:
    """A job."""

    def __init__(self, x):
        self.x, self.future = x, asyncio.get_running_loop().create_future()


class Poison(Exception):
    """The error of a model that was given something bad."""


class Model:
    """A model for tests: ten times the first number of each input. Inputs whose first number is in `bad` make it raise Poison.

    seconds: the time of a pass. drop: how many results it forgets (negative: makes up), if there are more than `least` inputs.
    """

    def __init__(self, bad=(), seconds=0.0, drop=0, least=0):
        self.bad, self.seconds, self.drop, self.least = set(bad), seconds, drop, least
        self.shapes, self.numbers, self.starts = [], [], []

    async def __call__(self, x):
        numbers = [int(row.flat[0]) for row in x]
        self.shapes.append(list(x.shape))
        self.numbers.append(numbers)
        self.starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.seconds)
        if self.bad & set(numbers):
            raise Poison(f"poison among {len(numbers)}")
        results = [10.0 * number for number in numbers]
        if len(numbers) > self.least and self.drop > 0:
            return results[: max(0, len(results) - self.drop)]
        return results + [0.0] * -self.drop if len(numbers) > self.least else results


def inside(future):
    """What a future holds: a number, or a word."""
    if not future.done():
        return "nothing"
    if future.cancelled():
        return "cancelled"
    if future.exception() is not None:
        return type(future.exception()).__name__
    return float(future.result())


def settled(settle, count, gone=(), leaves=(), ends=None, odd=(), **model) -> dict:
    """settle(...) with jobs 0 to count - 1. gone: those whose client has gone before; leaves: those who go during the first pass;
    odd: those whose input has another shape. ends: the moment at which the task that settles is cancelled.

    inside: what each future holds afterwards; numbers and shapes: of each pass; cancelled: whether the task ended as cancelled.
    """

    async def program():
        tool, loop = Model(**model), asyncio.get_running_loop()
        jobs = [Held(np.array([number, 7.0] if number in odd else [number, 7.0, 7.0])) for number in range(count)]
        for number in gone:
            jobs[number].future.cancel()
        for number in leaves:
            loop.call_later(tool.seconds / 2, jobs[number].future.cancel)
        task = asyncio.create_task(settle(tool, list(jobs)))
        if ends is not None:
            loop.call_later(ends, task.cancel)
        await asyncio.wait([task], timeout=1000)
        if not task.done():
            raise simulated.Stuck("settle has not come to its end")
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()
        told = [inside(job.future) for job in jobs]
        return {"inside": told, "numbers": tool.numbers, "shapes": tool.shapes, "cancelled": task.cancelled(), "time": loop.time()}

    return run(program())


# ---- batching ----------------------------------------------------------------------------------------------------------


async def whole_collect(queue, most, wait):
    """In place of the learner's `collect`."""
    loop = asyncio.get_running_loop()
    jobs = [await queue.get()]
    until = loop.time() + wait
    while len(jobs) < most:
        if queue.empty() and loop.time() < until:
            getter = asyncio.ensure_future(queue.get())
            await asyncio.wait([getter], timeout=until - loop.time())
            if not getter.done():
                getter.cancel()
                break
            jobs.append(getter.result())
        elif queue.empty():
            break
        else:
            jobs.append(queue.get_nowait())
    return jobs


async def whole_settle(model, jobs):
    """In place of the learner's `settle`: all at once, and if that fails, one by one."""
    jobs = [job for job in jobs if not job.future.done()]
    for part in [jobs] if jobs else []:
        try:
            results = list(await model(np.stack([job.x for job in part])))
        except Exception:
            results = [await one(model, job) for job in part]
        for job, result in zip(part, results, strict=True):
            if not job.future.done():
                job.future.set_exception(result) if isinstance(result, Exception) else job.future.set_result(result)


async def one(model, job):
    """The result for a single job, or its error."""
    try:
        return (await model(job.x[None]))[0]
    except Exception as error:
        return error


async def opened(batching, model, settings):
    """The context manager that `batching` gives. Errors: those of a stub, which has no `yield` and so makes no manager."""
    manager = batching(model, **settings)
    if inspect.iscoroutine(getattr(manager, "gen", manager)):
        await getattr(manager, "gen", manager)
        raise TypeError("batching needs a `yield submit`: without it, there is nothing for `async with` to enter")
    return manager


def served(batching, requests, leave, most=4, wait=0.0, room=100, fails=False, patience=1000.0, **model) -> dict:
    """Requests (moment, number) come in; the context is left at `leave`, with an error if `fails`.

    outcomes: for each request its result or the name of its error; times: when that came; left: when the context had been left;
    sizes: of the passes; raised: the error that came out of the context; tasks: how many unknown tasks are alive at the end.
    patience: after so many seconds a client gives up; a pair (number, seconds) lets only that one do so.
    """

    async def program():
        loop, tool = asyncio.get_running_loop(), Model(**model)
        known = {asyncio.current_task()}
        outcomes, times, left, raised, submit = [None] * len(requests), [0.0] * len(requests), None, "", None

        async def client(place, number):
            limit = patience if not isinstance(patience, list | tuple) else patience[1] if number == patience[0] else 1000.0
            try:
                outcomes[place] = float(await asyncio.wait_for(submit(np.array([float(number), 1.0])), limit))
            except NotImplementedError:
                raise
            except Exception as error:
                outcomes[place] = type(error).__name__
            times[place] = loop.time()

        async def come():  # one after the other: timers of the same moment go off in any order
            for place, (moment, number) in enumerate(requests):
                await asyncio.sleep(moment - loop.time())
                clients.append(asyncio.create_task(client(place, number)))

        manager = await opened(batching, tool, {"most": most, "wait": wait, "room": room})
        clients = []
        try:
            async with manager as submit:
                crowd = asyncio.create_task(come())
                await asyncio.sleep(leave)
                if fails:
                    raise KeyError("an error in the block")
        except KeyError as error:
            raised = type(error).__name__
        left = loop.time()
        await asyncio.sleep(1e-6)
        waiting = sum(outcome is None for (moment, _), outcome in zip(requests, outcomes, strict=True) if moment < left)
        await crowd
        if clients:
            await asyncio.wait(clients, timeout=3000)
        alive = [task for task in asyncio.all_tasks() - known - set(clients) if not task.done()]
        return {
            "outcomes": ["nothing" if outcome is None else outcome for outcome in outcomes],
            "times": times,
            "left": left,
            "waiting": int(waiting),
            "sizes": [len(numbers) for numbers in tool.numbers],
            "raised": raised,
            "tasks": len(alive),
        }

    return run(program())


# ---- bucket, histogram -------------------------------------------------------------------------------------------------


def bucketed(TokenBucket, rate, burst, moments) -> dict:
    """What `take` returns at these moments of a clock that the test moves; the bucket is made at the first of them."""
    now = [float(moments[0])]
    bucket = TokenBucket(rate, burst, lambda: now[0])
    got = []
    for moment in moments:
        now[0] = float(moment)
        value = bucket.take()
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            return {"odd": repr(value)[:60], "got": []}
        got.append(float(value))
    return {"odd": "", "got": got}


def rendered(Histogram, name, about, bounds, values) -> dict:
    """The text of a histogram that has seen these values, and the text of the same when it is asked again."""
    histogram = Histogram(name, about, [float(bound) for bound in bounds])
    for value in values:
        histogram.observe(float(value))
    texts = [histogram.render(), histogram.render()]
    return {"text": texts[0] if isinstance(texts[0], str) else "", "kind": type(texts[0]).__name__, "again": bool(texts[0] == texts[1])}


# ---- predict -----------------------------------------------------------------------------------------------------------


class Desk:
    """What the endpoint needs, made up: a service that remembers what it was asked."""

    def __init__(self, busy, ready, pause, most_bytes, deadline, does):
        self.ready, self.pause, self.most_bytes, self.deadline = ready, pause, most_bytes, deadline
        self.busy, self.does, self.clients, self.takes, self.inputs, self.gave_up = busy, does, [], 0, [], False

    def bucket(self, client):
        self.clients.append(str(client))
        return self

    def take(self):
        self.takes += 1
        return self.pause

    async def submit(self, x):
        self.inputs.append(np.array(x))
        if self.does == "busy":
            raise self.busy("full up")
        if self.does == "bug":
            raise ValueError("a bug in the model")
        try:
            await asyncio.sleep(5.0)
        except asyncio.CancelledError:
            self.gave_up = True
            raise
        chances = np.full(10, 0.02, np.float32)
        chances[int(x.sum()) % 10] = 0.82
        return chances


def answered(predict, chunks, ready=True, pause=0.0, most_bytes=4096, deadline=60.0, does="answer", client="me", length=None) -> dict:
    """predict(...) for one request whose body comes in these pieces (texts). The answer, or status and headers of the refusal.

    read: pieces that were asked for; takes, clients: what its bucket was asked; inputs: what was submitted; length: the Content-Length.
    """
    from fastapi import HTTPException, Request

    around = predict.__globals__
    desk, read = Desk(around["Busy"], ready, pause, most_bytes, deadline, does), []

    async def receive():
        place = len(read)
        read.append(place)
        if place >= len(chunks):
            await asyncio.sleep(1e6)
        return {"type": "http.request", "body": chunks[place].encode(), "more_body": place < len(chunks) - 1}

    async def program():
        pairs = [(b"x-client", client.encode())] if client else []
        pairs += [(b"content-length", str(length).encode())] if length is not None else []
        told = {"status": 200, "headers": {}, "answer": {}, "types": [], "error": ""}
        try:
            answer = await predict(desk, Request({"type": "http", "method": "POST", "path": "/predict", "headers": pairs}, receive))
            told["types"] = [type(answer).__name__, *(type(each).__name__ for each in answer.values())]
            told["answer"] = {str(name): float(value) for name, value in answer.items()}
        except NotImplementedError:
            raise
        except HTTPException as refusal:
            told["status"] = int(refusal.status_code)
            told["headers"] = {str(name).lower(): str(value) for name, value in (refusal.headers or {}).items()}
        except Exception as error:
            told |= {"status": 500, "error": type(error).__name__}
        told["time"] = asyncio.get_running_loop().time()
        await asyncio.sleep(1e-6)
        told["gave_up"] = desk.gave_up  # now: at the end of the program everything is cancelled
        return told

    told = run(program())
    seen = {"read": len(read), "takes": desk.takes, "clients": desk.clients, "submitted": len(desk.inputs)}
    return told | seen | {"x": np.asarray(desk.inputs[0], dtype=float) if desk.inputs else np.zeros(0)}
