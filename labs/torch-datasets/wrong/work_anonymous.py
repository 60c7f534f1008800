"""Never says who it is."""

# fails: work/tells_who
# hears: set_worker_info(info), first of all


def work(pipe, dataset, collate_fn, info):
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
