"""Plain steps: wait_for in place of timeouts, one by one in place of halves, a list of open futures in place of queue.join."""


async def collect(queue, most, wait):
    loop = asyncio.get_running_loop()
    jobs = [await queue.get()]
    until = loop.time() + wait
    while len(jobs) < most:
        try:
            jobs.append(queue.get_nowait())
            continue
        except asyncio.QueueEmpty:
            pass
        if loop.time() >= until:
            break
        try:
            jobs.append(await asyncio.wait_for(queue.get(), until - loop.time()))
        except asyncio.TimeoutError:
            break
    return jobs


async def settle(model, jobs):
    waiting = []
    for job in jobs:
        if not job.future.done():
            waiting.append(job)
    if len(waiting) == 0:
        return
    try:
        results = list(await model(np.array([job.x for job in waiting])))
        assert len(results) == len(waiting)
    except Exception as error:
        if len(waiting) == 1:
            if not waiting[0].future.done():
                waiting[0].future.set_exception(error)
            return
        for job in waiting:
            await settle(model, [job])
        return
    for place in range(len(waiting)):
        if waiting[place].future.done():
            continue
        waiting[place].future.set_result(results[place])


@contextlib.asynccontextmanager
async def batching(model, most=32, wait=0.002, room=256):
    queue = asyncio.Queue(maxsize=room)
    owed = set()
    state = {"open": True}

    async def forever():
        while True:
            jobs = await collect(queue, most, wait)
            await settle(model, jobs)

    async def enter(x):
        if not state["open"]:
            raise Busy("closed")
        job = Job(x)
        try:
            queue.put_nowait(job)
        except asyncio.QueueFull:
            raise Busy("full") from None
        owed.add(job.future)
        try:
            return await job.future
        finally:
            owed.discard(job.future)

    worker = asyncio.get_running_loop().create_task(forever())
    try:
        yield enter
    finally:
        state["open"] = False
        while owed:
            await asyncio.wait(set(owed))
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


class TokenBucket:
    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self):
        now = self.clock()
        new = self.rate * (now - self.moment)
        self.moment = now
        self.tokens = self.tokens + new
        if self.tokens > self.burst:
            self.tokens = self.burst
        if self.tokens >= 1.0:
            self.tokens = self.tokens - 1.0
            return 0
        missing = 1.0 - self.tokens
        return missing / self.rate


class Histogram:
    def __init__(self, name, about, bounds):
        self.name, self.about, self.bounds = name, about, bounds
        self.counts, self.total = [0] * (len(bounds) + 1), 0.0

    def observe(self, value):
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def render(self):
        text = "# HELP " + self.name + " " + self.about + "\n"
        text += "# TYPE " + self.name + " histogram\n"
        for place, bound in enumerate(self.bounds):
            text += self.name + '_bucket{le="' + f"{bound:g}" + '"} ' + str(sum(self.counts[: place + 1])) + "\n"
        text += self.name + '_bucket{le="+Inf"} ' + str(sum(self.counts)) + "\n"
        text += self.name + "_sum " + repr(self.total) + "\n" + self.name + "_count " + str(sum(self.counts)) + "\n"
        return text


async def predict(service, request):
    if not service.ready:
        raise HTTPException(status_code=503, detail="later", headers={"Retry-After": "1", "Connection": "close"})
    client = request.headers.get("x-client", "")
    pause = service.bucket(client).take()
    if pause > 0:
        raise HTTPException(status_code=429, detail="slower", headers={"Retry-After": f"{math.ceil(pause):d}"})
    pieces, size = [], 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size > service.most_bytes:
            raise HTTPException(status_code=413, detail="smaller", headers={"Connection": "close"})
    try:
        x = pixels_of(b"".join(pieces))
    except ValueError as error:
        raise HTTPException(status_code=422, detail=str(error)) from error
    try:
        chances = await asyncio.wait_for(service.submit(x), service.deadline)
    except Busy as error:
        raise HTTPException(status_code=503, detail=str(error), headers={"Retry-After": "1"}) from error
    except asyncio.TimeoutError as error:
        raise HTTPException(status_code=504, detail="too late") from error
    digit = int(np.argmax(chances))
    return {"digit": digit, "confidence": float(chances[digit])}
