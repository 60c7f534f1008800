"""Sends the samples as they are."""

# fails: work/answers_in_turn, work/tells_of_errors, work/tells_of_bad_batches, work/seeds_generators, work/tells_who
# hears: collate_fn(samples)


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", samples) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
