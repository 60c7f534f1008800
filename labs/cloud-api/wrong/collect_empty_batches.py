"""Puts the timeout around the first job, too: a quiet service runs empty batches."""

# fails: collect/waits_for_the_first
# hears: an empty batch is no batch


async def collect(queue, most, wait):
    batch = []
    until = asyncio.get_running_loop().time() + wait
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            while len(batch) < most:
                batch.append(await queue.get())
    return batch
