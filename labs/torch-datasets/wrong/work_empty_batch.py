"""Sends an empty batch at the end of a stream."""

# fails: work/streams
# hears: Nothing fetched: ('end', None)


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples) if samples else [])
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
