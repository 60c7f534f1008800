"""Catches BaseException, and with it its own cancellation."""

# fails: settle/can_be_cancelled
# hears: `except BaseException` and a bare `except` swallow it


async def settle(model, jobs):
    jobs = [job for job in jobs if not job.future.done()]
    if not jobs:
        return
    try:
        results = await model(np.stack([job.x for job in jobs]))
        if len(results) != len(jobs):
            raise ValueError("a wrong number of results")
    except BaseException as error:
        if len(jobs) == 1:
            if not jobs[0].future.done():
                jobs[0].future.set_exception(error)
            return
        for job in jobs:
            await settle(model, [job])
        return
    for job, result in zip(jobs, results):
        if not job.future.done():
            job.future.set_result(result)
