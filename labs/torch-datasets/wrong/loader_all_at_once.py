"""Hands out all requests at the start."""

# fails: loader/prefetches
# hears: all requests at once would fill the memory


def parallel(loader, requests, base_seed):
    workers = [start_worker(loader, number, base_seed) for number in range(loader.num_workers)]
    owing = deque()

    def ask(worker):
        if (request := next(requests, None)) is not None:
            send(worker.pipe, request)
            owing.append(worker)

    try:
        for request, worker in zip(islice(requests, 1000), workers * 1000):
            send(worker.pipe, request)
            owing.append(worker)
        while owing:
            worker = owing.popleft()
            if not worker.pipe.poll(loader.timeout):
                raise WorkerError(f"worker {worker.info.id} sent nothing for {loader.timeout} s")
            kind, content = receive(worker.pipe) or ("dead", obituary(worker))
            if kind == "batch":
                ask(worker)
                yield content
            elif kind != "end":
                raise WorkerError(f"worker {worker.info.id}: {content}")
    finally:
        stop_workers(workers)
