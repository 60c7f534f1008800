"""Runs the model for clients who have gone."""

# fails: settle/leaves_out_the_gone
# hears: nobody wants their result


async def settle(model, jobs):
    try:
        results = await model(np.stack([job.x for job in jobs]))
        if len(results) != len(jobs):
            raise ValueError("a wrong number of results")
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
