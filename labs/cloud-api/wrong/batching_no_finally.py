"""Cleans up only if all went well, and leaves the worker running."""

# fails: batching/drains_after_errors, batching/ends_the_worker
# hears: what must happen in any case goes into `finally`


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
        if closing:
            raise Busy("shutting down")
        if queue.full():
            raise Busy("full")
        job = Job(x)
        queue.put_nowait(job)
        return await job.future

    asyncio.create_task(work())
    yield submit
    closing = True
    await queue.join()
