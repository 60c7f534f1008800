"""Seeds with the number of the worker: every epoch draws the same numbers."""

# fails: work/seeds_generators
# hears: seed it with info.seed, which is another one in each


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.id)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
