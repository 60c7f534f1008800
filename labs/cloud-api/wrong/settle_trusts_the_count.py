"""Lets zip stop at the shorter side, and stacks outside of the try."""

# fails: settle/counts_results, settle/isolates_misfits
# hears: `zip` ends early


async def settle(model, jobs):
    jobs = [job for job in jobs if not job.future.done()]
    if not jobs:
        return
    x = np.stack([job.x for job in jobs])
    try:
        results = await model(x)
    except Exception as error:
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
