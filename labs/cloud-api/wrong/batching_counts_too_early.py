"""Calls a job done when it is taken out of the queue: the last batch is lost."""

# fails: batching/drains
# hears: after it is settled


@contextlib.asynccontextmanager
async def batching(model, most=32, wait=0.002, room=256):
    queue, closing = asyncio.Queue(room), False

    async def work():
        while True:
            jobs = await collect(queue, most, wait)
            for _ in jobs:
                queue.task_done()
            await settle(model, jobs)

    async def submit(x):
        if closing:
            raise Busy("shutting down")
        if queue.full():
            raise Busy("full")
        job = Job(x)
        queue.put_nowait(job)
        return await job.future

    worker = asyncio.create_task(work())
    try:
        yield submit
    finally:
        closing = True
        await queue.join()
        worker.cancel()
