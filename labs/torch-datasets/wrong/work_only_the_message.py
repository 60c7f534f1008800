"""Sends the words of the exception, but not the traceback."""

# fails: work/tells_of_errors
# hears: says what, but not where


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
        except Exception as error:
            answer = ("error", str(error))
        send(pipe, answer)
