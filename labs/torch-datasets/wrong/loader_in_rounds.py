"""Waits for a whole round before it hands out the next: no batch is made while one is used."""

# fails: loader/prefetches
# hears: prefetch requests to each worker


def parallel(loader, requests, base_seed):
    workers = [start_worker(loader, number, base_seed) for number in range(loader.num_workers)]
    active = list(workers)
    try:
        while active:
            asked = [(worker, request) for worker, request in zip(active, islice(requests, len(active)), strict=False)]
            for worker, request in asked:
                send(worker.pipe, request)
            for worker, _ in asked:
                if not worker.pipe.poll(loader.timeout):
                    raise WorkerError(f"worker {worker.info.id} sent nothing for {loader.timeout} s")
                kind, content = receive(worker.pipe) or ("dead", obituary(worker))
                if kind == "batch":
                    yield content
                elif kind == "end":
                    active.remove(worker)
                else:
                    raise WorkerError(f"worker {worker.info.id}: {content}")
            if not asked:
                return
    finally:
        stop_workers(workers)
