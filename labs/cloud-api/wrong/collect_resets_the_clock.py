"""Starts the waiting anew with each job."""

# fails: collect/one_deadline, collect/partial_leaves_in_time
# hears: not anew with each job


async def collect(queue, most, wait):
    batch = [await queue.get()]
    while len(batch) < most:
        try:
            batch.append(queue.get_nowait())
        except asyncio.QueueEmpty:
            try:
                batch.append(await asyncio.wait_for(queue.get(), wait))
            except TimeoutError:
                break
    return batch
