"""Gives the error of the pass to everybody in it."""

# fails: settle/counts_results, settle/isolates_poison
# hears: only who fails alone gets the error


async def settle(model, jobs):
    jobs = [job for job in jobs if not job.future.done()]
    if not jobs:
        return
    try:
        results = await model(np.stack([job.x for job in jobs]))
        if len(results) != len(jobs):
            raise ValueError("a wrong number of results")
    except Exception as error:
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(error)
        return
    for job, result in zip(jobs, results):
        if not job.future.done():
            job.future.set_result(result)
