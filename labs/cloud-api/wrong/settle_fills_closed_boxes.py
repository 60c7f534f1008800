"""Does not ask again, after the pass, who is still there."""

# fails: settle/survives_leaving
# hears: can be canceled while the model runs


async def settle(model, jobs):
    jobs = [job for job in jobs if not job.future.done()]
    if not jobs:
        return
    try:
        results = await model(np.stack([job.x for job in jobs]))
        if len(results) != len(jobs):
            raise ValueError("a wrong number of results")
    except Exception as error:
        if len(jobs) == 1:
            with contextlib.suppress(asyncio.InvalidStateError):
                jobs[0].future.set_exception(error)
            return
        for job in jobs:
            await settle(model, [job])
        return
    with contextlib.suppress(asyncio.InvalidStateError):
        for job, result in zip(jobs, results):
            job.future.set_result(result)
