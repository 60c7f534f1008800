"""Other tools: an event and a timer, a stack of parts, a class as context manager, the moment at which a bucket is full, accumulate."""

from itertools import accumulate


async def collect(queue, most, wait):
    loop, full = asyncio.get_running_loop(), asyncio.Event()
    batch = [await queue.get()]

    async def fill():
        while len(batch) < most:
            batch.append(await queue.get())

    filling = asyncio.ensure_future(fill())
    timer = loop.call_at(loop.time() + wait, full.set)
    filling.add_done_callback(lambda _: full.set())
    await full.wait()
    timer.cancel()
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)
    return batch


async def settle(model, jobs):
    parts = [list(jobs)]
    while parts:
        part = [job for job in parts.pop(0) if not job.future.done()]
        if not part:
            continue
        error, results = None, []
        try:
            results = await model(np.stack(tuple(job.x for job in part), axis=0))
            pairs = list(zip(part, results, strict=True))
        except Exception as problem:
            error, pairs = problem, []
        for job, result in pairs:
            job.future.done() or job.future.set_result(result)
        if error is not None and len(part) > 1:
            third = max(1, len(part) // 3)
            parts[:0] = [part[:third], part[third:]]
        elif error is not None and not part[0].future.done():
            part[0].future.set_exception(error)


class batching:
    def __init__(self, model, most=32, wait=0.002, room=256):
        self.model, self.most, self.wait, self.queue = model, most, wait, asyncio.Queue(room)

    async def __aenter__(self):
        self.closed = False
        self.worker = asyncio.create_task(self.work())
        return self.submit

    async def __aexit__(self, *error):
        self.closed = True
        await self.queue.join()
        self.worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.worker

    async def work(self):
        while jobs := await collect(self.queue, self.most, self.wait):
            try:
                await settle(self.model, jobs)
            finally:
                for _ in jobs:
                    self.queue.task_done()

    def submit(self, x):
        if self.closed:
            raise Busy("on the way out")
        job = Job(x)
        try:
            self.queue.put_nowait(job)
        except asyncio.QueueFull as error:
            raise Busy("full") from error
        return job.future


class TokenBucket:
    """The moment at which the bucket would be full again, instead of tokens."""

    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.full_at = clock()

    def take(self):
        now = self.clock()
        full_at = max(self.full_at, now) + 1 / self.rate
        late = full_at - now - self.burst / self.rate
        if late > 0:
            return late
        self.full_at = full_at
        return 0.0


class Histogram:
    def __init__(self, name, about, bounds):
        self.name, self.about, self.bounds = name, about, bounds
        self.counts, self.total = [0] * (len(bounds) + 1), 0.0

    def observe(self, value):
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def render(self):
        sums = list(accumulate(self.counts))
        rows = [(f"bucket{{le={json.dumps(str(bound))}}}", total) for bound, total in zip(self.bounds, sums, strict=False)]
        rows += [('bucket{le="+Inf"}', sums[-1]), ("count", sums[-1]), ("sum", self.total)]
        head = f"# TYPE {self.name} histogram\n# HELP {self.name} {self.about}\n"
        return head + "".join(f"{self.name}_{what} {float(value)}\n" for what, value in rows)


async def predict(service, request):
    close = {"Connection": "close"}
    if service.ready is False:
        raise HTTPException(503, headers=close | {"Retry-After": "1"})
    pause = service.bucket(request.headers.get("X-Client", "")).take()
    if pause:
        raise HTTPException(429, headers={"Retry-After": str(-int(-pause // 1))})
    body, stream = bytearray(), request.stream()
    while (piece := await anext(stream, None)) is not None:
        body.extend(piece)
        if len(body) > service.most_bytes:
            raise HTTPException(413, headers=close)
    try:
        x = Picture.model_validate_json(bytes(body)).array()
    except ValueError as error:
        raise HTTPException(422) from error
    job = asyncio.ensure_future(service.submit(x))
    done, _ = await asyncio.wait([job], timeout=service.deadline)
    if not done:
        job.cancel()
        await asyncio.wait([job])
        raise HTTPException(504)
    if isinstance(job.exception(), Busy):
        raise HTTPException(503, headers={"Retry-After": "1"})
    chances = job.result().tolist()
    return {"digit": chances.index(max(chances)), "confidence": max(chances)}
