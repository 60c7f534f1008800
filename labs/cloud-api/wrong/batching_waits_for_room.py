"""Waits for room in the queue: the queue is bounded, the crowd in front of it is not."""

# fails: batching/closes_the_door, batching/says_no_early
# hears: would wait for room, and nobody would be refused


@contextlib.asynccontextmanager
async def batching(model, most=32, wait=0.002, room=256):
    queue, closing = asyncio.Queue(room), False

    async def work():
        while True:
            jobs = await collect(queue, most, wait)
            await settle(model, jobs)
            for _ in jobs:
                queue.task_done()

    async def submit(x):
        job = Job(x)
        await queue.put(job)
        if closing:
            raise Busy("shutting down")
        return await job.future

    worker = asyncio.create_task(work())
    try:
        yield submit
    finally:
        await queue.join()
        closing = True
        worker.cancel()
