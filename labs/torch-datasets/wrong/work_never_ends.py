"""Waits for a request after the last one, for ever."""

# fails: work/ends_with_the_pipe
# hears: After `None` from receive nothing comes any more


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while True:
        request = receive(pipe)
        if request is None:
            continue
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
