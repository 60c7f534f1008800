"""References and tools of the lab torch-datasets that run beside the learner's code: answers to earlier tasks while a later one is
checked, datasets, and `bounded`, which runs what may hang. Its text is sent to the learner's kernel when a grader asks for it.
"""

import contextlib
import gc
import multiprocessing
import os
import pickle
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import IterableDataset

# ---------------------------------------------------------------- answers to earlier tasks


def collate(samples):
    """The default collation, one kind after another."""
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, np.ndarray | np.generic):
        return torch.as_tensor(np.stack(samples))
    if isinstance(first, bool | int | float):
        return torch.tensor(samples, dtype=torch.float64 if isinstance(first, float) else None)
    if isinstance(first, Mapping):
        return {key: collate([each[key] for each in samples]) for key in first}
    if isinstance(first, tuple | list):
        return [collate(list(part)) for part in zip(*samples, strict=True)]
    return samples


class BatchSampler:
    """Lists of indices, one a batch."""

    def __init__(self, n, batch_size, *, shuffle=False, drop_last=False, generator=None):
        self.n, self.batch_size, self.shuffle, self.drop_last, self.generator = n, batch_size, shuffle, drop_last, generator

    def __iter__(self):
        order = torch.arange(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator().manual_seed(torch.empty((), dtype=torch.int64).random_().item())
            order = torch.randperm(self.n, generator=generator)
        for part in order.split(self.batch_size):
            if len(part) == self.batch_size or (len(part) and not self.drop_last):
                yield part.tolist()
        if self.shuffle:
            torch.randperm(self.n, generator=generator)


def work(pipe, dataset, collate_fn, info):
    """What a worker process does."""
    random.seed(info.seed)
    torch.manual_seed(info.seed)
    np.random.seed(info.seed % 2**32)
    answer_all(pipe, dataset, collate_fn, info)


def answer_all(pipe, dataset, collate_fn, info):
    """The loop of a worker. A stream is told who reads."""
    stream = isinstance(dataset, IterableDataset)
    source = dataset.read_by(info.id) if stream else dataset
    while True:
        try:
            request = pickle.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        try:
            samples = list(islice(source, request)) if stream else [source[index] for index in request]
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        with contextlib.suppress(OSError):
            pipe.send_bytes(pickle.dumps(answer))


# ---------------------------------------------------------------- files


def write_folder(pictures: dict) -> str:
    """Pictures (n, height, width), 0 to 255, as files of a new folder: `pictures` maps the name of a subfolder to them."""
    root = Path(tempfile.mkdtemp(prefix="folder-"))
    for name, group in pictures.items():
        (root / name).mkdir()
        for number, picture in enumerate(group):
            Image.fromarray(np.asarray(picture, dtype=np.uint8)).save(root / name / f"{number:02d}.png")
    return str(root)


def write_picture(root: str, name: str, number: int, picture) -> None:
    """Replace one picture of such a folder."""
    Image.fromarray(np.asarray(picture, dtype=np.uint8)).save(Path(root) / name / f"{number:02d}.png")


def write_shards(groups: list) -> list:
    """Shards in a new folder, one for each (pictures, labels): the names of the files."""
    root = Path(tempfile.mkdtemp(prefix="shards-"))
    files = [str(root / f"{number:02d}.npz") for number in range(len(groups))]
    for file, (pictures, labels) in zip(files, groups, strict=True):
        np.savez(file, pictures=np.asarray(pictures, dtype=np.uint8), labels=np.asarray(labels))
    return files


def remove(path: str) -> None:
    """Remove a folder with all that is in it, or a file."""
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.unlink(path)


def listed(dataset) -> list:
    """Everything that a dataset, stream or sampler gives, by a for loop."""
    return [each for each in islice(dataset, 1000)]


def listed_after(sampler, seed: int) -> list:
    """The same, with torch's global generator set first."""
    torch.manual_seed(seed)
    return listed(sampler)


def first_of(stream):
    """The first sample of a stream."""
    return next(iter(stream))


class Told:
    """Stands in for worker_info: this process is worker `number` of `count`."""

    def __init__(self, number, count):
        self.id, self.num_workers, self.seed = number, count, 0

    def __call__(self):
        return self


# ---------------------------------------------------------------- datasets for workers


class Numbers:
    """The numbers 0 ... n-1 as samples. Those of every other batch of `size` are slow to read."""

    def __init__(self, n, size=0):
        self.n, self.size = n, size

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if self.size and index // self.size % 2 == 0:
            time.sleep(0.004)
        return index


class Draws(Numbers):
    """What the three global generators give: random, NumPy, torch. And the process that read the sample."""

    def __getitem__(self, index):
        return random.random(), float(np.random.rand()), torch.rand((), dtype=torch.float64).item(), os.getpid()


class Asking(Numbers):
    """What `ask()` says of the process that reads: (id, num_workers, seed), or -1 for each."""

    def __init__(self, n, ask):
        self.n, self.size, self.ask = n, 0, ask

    def __getitem__(self, index):
        info = self.ask()
        return (-1, -1, -1) if info is None else (info.id, info.num_workers, info.seed)


class AskingStream(IterableDataset):
    """A stream that asks when its iterator is made: 3 times the worker's number, then what the three generators give."""

    def __init__(self, ask):
        self.ask = ask

    def __iter__(self):
        info = self.ask()
        drawn = [random.random(), float(np.random.rand()), torch.rand((), dtype=torch.float64).item()]
        return iter([float(-1 if info is None else info.id)] * 3 + drawn)


class Fragile(Numbers):
    """The numbers 0 ... n-1, but sample `at` raises an exception or, with `how`, ends the process, or takes until `awake` is set."""

    def __init__(self, n, at, how="raise"):
        self.n, self.size, self.at, self.how, self.awake = n, 0, at, how, threading.Event()

    def __getitem__(self, index):
        if index == self.at:
            if self.how == "exit":
                os._exit(3)
            if self.how == "sleep":
                self.awake.wait(60)
            raise ValueError(f"picture {index} is broken")
        return index


class Counted(Numbers):
    """The numbers 0 ... n-1; each one that is read leaves a byte in a pipe."""

    def __init__(self, n):
        self.n, self.size = n, 0
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def __getitem__(self, index):
        os.write(self.writing, b".")
        return index

    def read(self) -> int:
        """How many were read since the last time."""
        try:
            return len(os.read(self.reading, 1 << 16))
        except BlockingIOError:
            return 0


class Stream(IterableDataset):
    """Worker i gives counts[i] numbers: 100 i, 100 i + 1, ... Without workers: 0 ... counts[0]-1."""

    def __init__(self, counts):
        self.counts = counts

    def read_by(self, number):
        """What worker `number` gets."""
        return iter(range(100 * number, 100 * number + self.counts[number]))

    def __iter__(self):
        return self.read_by(0)


# ---------------------------------------------------------------- what may hang


class Late(BaseException):
    """Time is up."""


def bounded(scenario, seconds, *args, **named) -> dict:
    """{"value": scenario(*args, **named)}, or {"late": True} after some seconds. No process that it started is left.

    Where there is no alarm (Windows, or a thread that is not the main one) it takes as long as it takes.
    """

    def late(*_):
        raise Late

    before = multiprocessing.active_children()
    armed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if armed:
        handler = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again and again, should somebody catch it
    try:
        return {"value": scenario(*args, **named)}
    except Late:
        return {"late": True}
    finally:
        if armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
        for process in multiprocessing.active_children():
            if process not in before:
                process.kill()
                process.join()


def served(work, cases, told) -> list:
    """What `work` answers in each of the cases (dataset, collate_fn, info, requests), after which its pipe is closed.

    told(None) is called at last, for this process is no worker.
    """
    answers = []
    for dataset, collate_fn, info, requests in cases:
        ours, theirs = multiprocessing.Pipe()
        for each in requests:
            ours.send_bytes(pickle.dumps(each))
        with socket.socket(fileno=os.dup(ours.fileno())) as end:
            end.shutdown(socket.SHUT_WR)
        try:
            work(theirs, dataset, collate_fn, info)
        finally:
            told(None)
            theirs.close()
        answers.append([])
        with contextlib.suppress(EOFError, OSError):
            while True:
                answers[-1].append(pickle.loads(ours.recv_bytes()))
        ours.close()
    return answers


class Hand:
    """A worker's process, except that it is a thread. `hang_up` makes what it waits for come to an end."""

    def __init__(self, run, hang_up):
        self.pid, self.exitcode, self.hang_up = os.getpid(), None, hang_up
        self.sentinel, self.ended = os.pipe()
        self.thread = threading.Thread(target=self.do, args=(run,), daemon=True)
        self.thread.start()

    def do(self, run):
        """What the thread does."""
        run()
        self.exitcode = 0
        os.close(self.ended)

    def is_alive(self):
        return self.thread.is_alive()

    def join(self, timeout=None):
        self.thread.join(None if timeout is None else min(timeout, 0.1))  # it has nothing to do that takes longer

    def kill(self):
        self.hang_up()

    terminate = kill


class Hiring:
    """Stands in for start_worker: workers are threads, so that many can be tried in little time."""

    def __init__(self, Worker, WorkerInfo):
        self.Worker, self.WorkerInfo, self.hired = Worker, WorkerInfo, []

    def __call__(self, loader, number, base_seed):
        ours, theirs = multiprocessing.Pipe()

        def run():
            answer_all(theirs, loader.dataset, loader.collate_fn, info)
            theirs.close()

        def hang_up():
            if isinstance(loader.dataset, Fragile):
                loader.dataset.awake.set()
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(theirs.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

        info = self.WorkerInfo(number, loader.num_workers, base_seed + number)
        self.hired.append(self.Worker(info, Hand(run, hang_up), ours))
        return self.hired[-1]

    def left(self) -> int:
        """How many of them are still there after a while; they are then sent home, and forgotten."""
        until = time.monotonic() + 1
        while (left := sum(each.process.is_alive() for each in self.hired)) and time.monotonic() < until:
            time.sleep(0.005)
        for each in self.hired:
            each.process.kill()
            os.close(each.process.sentinel)
        self.hired = []
        return left


def epoch(Loader, dataset, seed=None, **named) -> dict:
    """One epoch: {"batches": as lists, "error": [class, text] or None, "process": the number of this process}."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    batches, error = [], None
    try:
        for batch in islice(Loader(dataset, generator=generator, **named), 1000):
            batches.append(plain(batch))
    except NotImplementedError:
        raise
    except Exception as caught:
        error = [type(caught).__name__, str(caught)]
    finally:
        if isinstance(dataset, Fragile):
            dataset.awake.set()
    return {"batches": batches, "error": error, "process": os.getpid()}


def plain(batch):
    """A batch as lists of numbers."""
    if isinstance(batch, list | tuple):
        return [plain(each) for each in batch]
    return batch.tolist() if isinstance(batch, torch.Tensor) else batch


def epochs(Loader, cases) -> list:
    """One epoch each of several loaders: cases of (dataset, named arguments)."""
    return [epoch(Loader, dataset, **named) for dataset, named in cases]


def read_ahead(Loader, n, least, **named) -> int:
    """How many samples the workers have read once the first batch was taken and they have had time; waits until it is `least`."""
    dataset = Counted(n)
    batches = iter(Loader(dataset, **named))
    next(batches)
    count, until = 0, time.monotonic() + 2
    while count < least and time.monotonic() < until:
        time.sleep(0.005)
        count += dataset.read()
    time.sleep(0.06)
    return count + dataset.read()


def killed(Loader, n, **named) -> dict:
    """An epoch during which, after the first batch, a worker process is killed from outside."""
    before, batches, error = multiprocessing.active_children(), [], None
    try:
        for batch in islice(Loader(Numbers(n, 1), **named), 1000):
            batches.append(plain(batch))
            if len(batches) == 1:
                victim = next(each for each in multiprocessing.active_children() if each not in before)
                victim.kill()
                while victim.is_alive():
                    time.sleep(0.002)
    except NotImplementedError:
        raise
    except Exception as caught:
        error = [type(caught).__name__, str(caught)]
    return {"batches": batches, "error": error}


def left_over(Loader, hiring) -> dict:
    """Workers left after a whole epoch, after one that is given up, and after one that fails."""
    left, options = {}, {"batch_size": 2, "num_workers": 2, "timeout": 4}
    for _ in Loader(Numbers(4), **options):
        pass
    left["that was read to its end"] = hiring.left()
    batches = iter(Loader(Numbers(40), **options))
    next(batches)
    del batches
    if any(each.process.is_alive() for each in hiring.hired):
        gc.collect()
    left["that was given up after its first batch"] = hiring.left()
    with contextlib.suppress(RuntimeError):
        for _ in Loader(Fragile(4, 0), **options):
            pass
    left["in which a worker raised an exception"] = hiring.left()
    return left
