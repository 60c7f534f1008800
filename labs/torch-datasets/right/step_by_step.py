"""Plain loops and explicit lists; the epoch of a loader is an object with __next__, which stops its workers when it goes."""


class FolderDataset:
    def __init__(self, root, transform=None):
        self.files = sorted(Path(root).glob("*/*.png"))
        self.transform = transform
        names = []
        for file in self.files:
            if file.parent.name not in names:
                names.append(file.parent.name)
        self.classes = {name: number for number, name in enumerate(sorted(names))}

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image = Image.open(self.files[index])
        width, height = image.size
        picture = torch.tensor(list(image.tobytes()), dtype=torch.float32).reshape(1, height, width) / 255.0
        image.close()
        if self.transform:
            picture = self.transform(picture)
        return picture, self.classes[self.files[index].parent.name]


def collate(samples):
    first = samples[0]
    if isinstance(first, (np.ndarray, np.generic)):
        return collate([torch.as_tensor(sample) for sample in samples])
    if torch.is_tensor(first):
        batch = torch.empty((len(samples), *first.shape), dtype=first.dtype)
        for number, sample in enumerate(samples):
            batch[number] = sample
        return batch
    if isinstance(first, (bool, int)):
        return torch.tensor(samples)
    if isinstance(first, float):
        return torch.tensor(samples, dtype=torch.double)
    if isinstance(first, (str, bytes)):
        return list(samples)
    if isinstance(first, dict):
        batch = {}
        for key in first:
            values = []
            for sample in samples:
                values.append(sample[key])
            batch[key] = collate(values)
        return batch
    if not isinstance(first, (tuple, list)):
        raise TypeError("no rule for this kind of sample")
    for sample in samples:
        if len(sample) != len(first):
            raise ValueError("not equally long")
    parts = []
    for place in range(len(first)):
        parts.append(collate([sample[place] for sample in samples]))
    if hasattr(first, "_fields"):
        return type(first)(**dict(zip(first._fields, parts, strict=True)))
    return parts


class BatchSampler:
    def __init__(self, n, batch_size, *, shuffle=False, drop_last=False, generator=None):
        self.n, self.batch_size, self.shuffle, self.drop_last, self.generator = n, batch_size, shuffle, drop_last, generator

    def __len__(self):
        count, rest = divmod(self.n, self.batch_size)
        return count + (1 if rest and not self.drop_last else 0)

    def order(self):
        if not self.shuffle:
            yield from range(self.n)
            return
        generator = self.generator
        if generator is None:
            generator = torch.Generator()
            generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
        yield from torch.randperm(self.n, generator=generator).tolist()
        torch.randperm(self.n, generator=generator)

    def __iter__(self):
        batch = []
        for index in self.order():
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch


class ShardDataset(IterableDataset):
    def __init__(self, files, transform=None):
        self.files, self.transform = files, transform

    def __iter__(self):
        first, step = 0, 1
        if worker_info() is not None:
            first, step = worker_info().id, worker_info().num_workers
        for number in range(first, len(self.files), step):
            with np.load(self.files[number]) as shard:
                pictures, labels = shard["pictures"].astype(np.float32) / 255, shard["labels"]
            for row in range(len(labels)):
                picture = torch.tensor(pictures[row : row + 1])
                if self.transform is not None:
                    picture = self.transform(picture)
                yield picture, int(labels[row])


def work(pipe, dataset, collate_fn, info):
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed & 0xFFFFFFFF)
    torch.manual_seed(info.seed)
    is_stream = isinstance(dataset, IterableDataset)
    stream = iter(dataset) if is_stream else None
    request = receive(pipe)
    while request is not None:
        try:
            samples = []
            if is_stream:
                for sample in stream:
                    samples.append(sample)
                    if len(samples) == request:
                        break
            else:
                for index in request:
                    samples.append(dataset[index])
            answer = ("end", None)
            if samples:
                answer = ("batch", collate_fn(samples))
        except Exception as error:
            answer = ("error", "".join(traceback.format_exception(error)))
        send(pipe, answer)
        request = receive(pipe)


class Epoch:
    def __init__(self, loader, requests, base_seed):
        self.loader, self.requests, self.workers = loader, requests, []
        for number in range(loader.num_workers):
            self.workers.append(start_worker(loader, number, base_seed))
        self.owing = []
        for _ in range(loader.prefetch):
            for number in range(loader.num_workers):
                self.ask(number)

    def ask(self, number):
        try:
            request = next(self.requests)
        except StopIteration:
            return
        send(self.workers[number].pipe, request)
        self.owing.append(number)

    def __iter__(self):
        return self

    def __next__(self):
        while self.owing:
            number = self.owing.pop(0)
            worker = self.workers[number]
            if not worker.pipe.poll(self.loader.timeout):
                self.fail(f"worker {number} is stuck")
            answer = receive(worker.pipe)
            if answer is None:
                self.fail(f"worker {number}: {obituary(worker)}")
            word, content = answer
            if word == "error":
                self.fail(f"in worker {number}: {content}")
            if word == "batch":
                self.ask(number)
                return content
            self.owing = [each for each in self.owing if each != number]
        self.close()
        raise StopIteration

    def fail(self, text):
        self.close()
        raise WorkerError(text)

    def close(self):
        workers, self.workers = self.workers, []
        self.owing = []
        stop_workers(workers)

    def __del__(self):
        self.close()


def parallel(loader, requests, base_seed):
    return Epoch(loader, requests, base_seed)
