"""Collates outside of the try."""

# fails: work/tells_of_bad_batches
# hears: try ... except Exception around both


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
        except Exception:
            send(pipe, ("error", traceback.format_exc()))
            continue
        send(pipe, ("batch", collate_fn(samples)) if samples else ("end", None))
