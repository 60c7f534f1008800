"""Takes what lies in the queue and never waits for company."""

# fails: collect/one_deadline, collect/partial_leaves_in_time
# hears: the first one has waited `wait` seconds


async def collect(queue, most, wait):
    batch = [await queue.get()]
    while len(batch) < most and not queue.empty():
        batch.append(queue.get_nowait())
    return batch
