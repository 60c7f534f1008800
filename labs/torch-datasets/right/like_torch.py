"""Built as PyTorch builds it: small samplers put together, numbered tasks, a cache of answers that came early, all pipes watched."""

from multiprocessing.connection import wait


class FolderDataset:
    def __init__(self, root, transform=None):
        self.samples = []
        self.transform = transform or (lambda picture: picture)
        for number, folder in enumerate(sorted(path for path in Path(root).iterdir() if path.is_dir())):
            self.samples += [(file, number) for file in sorted(folder.glob("*.png"))]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        file, label = self.samples[index]
        with open(file, "rb") as stream:
            pixels = np.asarray(Image.open(stream))
        return self.transform(torch.tensor(pixels).unsqueeze(0).div(255)), label


def collate(samples):
    match samples[0]:
        case Tensor():
            return torch.stack(samples, 0)
        case np.ndarray() | np.bool_() | np.number():
            return torch.from_numpy(np.stack(samples))
        case bool():
            return torch.tensor(samples, dtype=torch.bool)
        case int():
            return torch.tensor(samples, dtype=torch.int64)
        case float():
            return torch.tensor(samples, dtype=torch.float64)
        case str() | bytes():
            return samples
        case dict() as first:
            return {key: collate([sample[key] for sample in samples]) for key in first}
        case tuple() | list() as first:
            if len({len(sample) for sample in samples}) > 1:
                raise ValueError("samples of unequal length")
            parts = [collate([sample[place] for sample in samples]) for place in range(len(first))]
            return first._make(parts) if hasattr(first, "_make") else parts
        case other:
            raise TypeError(type(other))


class BatchSampler:
    def __init__(self, n, batch_size, *, shuffle=False, drop_last=False, generator=None):
        self.n, self.batch_size, self.drop_last = n, batch_size, drop_last
        inner = torch.utils.data.RandomSampler(range(n), generator=generator) if shuffle and n else range(n)
        self.batches = torch.utils.data.BatchSampler(inner, batch_size, drop_last)

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


class ShardDataset(IterableDataset):
    def __init__(self, files, transform=None):
        self.files, self.transform = files, transform

    def __iter__(self):
        return (sample for file in self.mine() for sample in self.samples(file))

    def mine(self):
        info = worker_info()
        for number, file in enumerate(self.files):
            if info is None or number % info.num_workers == info.id:
                yield file

    def samples(self, file):
        shard = np.load(file)
        for pixels, label in zip(shard["pictures"], shard["labels"], strict=True):
            picture = torch.tensor(pixels, dtype=torch.float32)[None] / 255
            yield (self.transform(picture) if self.transform else picture), int(label)


def work(pipe, dataset, collate_fn, info):
    for seed in (random.seed, torch.manual_seed, lambda number: np.random.seed(number % 2**32)):
        seed(info.seed)
    set_worker_info(info)
    source = source_of(dataset)
    while True:
        request = receive(pipe)
        if request is None:
            break
        word, content = "end", None
        try:
            samples = fetch(source, request)
            if len(samples) > 0:
                word, content = "batch", collate_fn(samples)
        except Exception:
            word, content = "error", traceback.format_exc()
        send(pipe, (word, content))


def parallel(loader, requests, base_seed):
    workers, early, failed = [], {}, {}
    awaited = {number: deque() for number in range(loader.num_workers)}  # of each worker, the numbers of its tasks
    owner, active, handed, wanted = {}, set(awaited), 0, 0

    def hand_out(number):
        nonlocal handed
        for request in islice(requests, 1):
            send(workers[number].pipe, request)
            awaited[number].append(handed)
            owner[handed] = number
            handed += 1

    def hear(number):
        word, content = receive(workers[number].pipe) or ("died", obituary(workers[number]))
        if word == "batch":
            early[awaited[number].popleft()] = content
            return
        active.discard(number)
        if word != "end":
            failed[number] = f"worker {number}: {content}"

    try:
        for number in range(loader.num_workers):
            workers.append(start_worker(loader, number, base_seed))
        for _ in range(loader.prefetch):
            for number in awaited:
                hand_out(number)
        while wanted < handed:
            number = owner[wanted]
            if wanted in early:
                hand_out(number)
                wanted += 1
                yield early.pop(wanted - 1)
            elif number in failed:
                raise WorkerError(failed[number])
            elif number not in active:
                wanted += 1
            else:
                busy = {workers[each].pipe: each for each in active if awaited[each]}
                ready = wait(list(busy), loader.timeout)
                if not ready:
                    raise WorkerError(f"no answer from worker {number} for {loader.timeout} seconds")
                for pipe in ready:
                    hear(busy[pipe])
    finally:
        stop_workers(workers)
