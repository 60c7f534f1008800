"""Drains without refusing newcomers."""

# fails: batching/closes_the_door
# hears: before you wait for the queue


@contextlib.asynccontextmanager
async def batching(model, most=32, wait=0.002, room=256):
    queue = asyncio.Queue(room)

    async def work():
        while True:
            jobs = await collect(queue, most, wait)
            await settle(model, jobs)
            for _ in jobs:
                queue.task_done()

    async def submit(x):
        if queue.full():
            raise Busy("full")
        job = Job(x)
        queue.put_nowait(job)
        return await job.future

    worker = asyncio.create_task(work())
    try:
        yield submit
    finally:
        await queue.join()
        worker.cancel()
