"""Makes a new iterator for each request: a stream starts again and again."""

# fails: work/streams
# hears: a new iterator starts again


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source_of(dataset), request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
