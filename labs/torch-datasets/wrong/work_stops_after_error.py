"""Stops after the first error."""

# fails: work/tells_of_errors, work/tells_of_bad_batches
# hears: the worker goes on after an error


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
        except Exception:
            send(pipe, ("error", traceback.format_exc()))
            return
        send(pipe, answer)
