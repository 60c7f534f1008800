"""Reads the computer's clock instead of the event loop's."""

# fails: collect/one_deadline, collect/partial_leaves_in_time
# hears: asyncio.get_running_loop().time()


async def collect(queue, most, wait):
    batch = [await queue.get()]
    until = time.monotonic() + wait
    while len(batch) < most:
        try:
            batch.append(queue.get_nowait())
            continue
        except asyncio.QueueEmpty:
            pass
        left = round(until - time.monotonic(), 3)
        try:
            batch.append(await asyncio.wait_for(queue.get(), left))
        except TimeoutError:
            break
    return batch
