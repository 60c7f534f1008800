"""Yields whatever arrives."""

# fails: loader/passes_on_exceptions
# hears: a WorkerError


def parallel(loader, requests, base_seed):
    workers = [start_worker(loader, number, base_seed) for number in range(loader.num_workers)]
    owing = deque()

    def ask(worker):
        if (request := next(requests, None)) is not None:
            send(worker.pipe, request)
            owing.append(worker)

    try:
        for worker in workers * loader.prefetch:
            ask(worker)
        while owing:
            worker = owing.popleft()
            if not worker.pipe.poll(loader.timeout):
                raise WorkerError(f"worker {worker.info.id} sent nothing for {loader.timeout} s")
            kind, content = receive(worker.pipe) or ("dead", obituary(worker))
            if kind in ("batch", "error"):
                ask(worker)
                yield content
            elif kind != "end":
                raise WorkerError(f"worker {worker.info.id}: {content}")
    finally:
        stop_workers(workers)
