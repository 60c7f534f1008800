"""Lets an exception end the process."""

# fails: work/tells_of_errors, work/tells_of_bad_batches
# hears: is an answer, not the worker's end


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except ZeroDivisionError:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
