"""Makes the iterator before it says who it is."""

# fails: work/tells_who
# hears: set_worker_info and the three seeds come before source_of


def work(pipe, dataset, collate_fn, info):
    source = source_of(dataset)
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
