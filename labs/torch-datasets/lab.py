# %% [markdown]
# # Datasets and loaders from scratch
#
# A training loop is always hungry. Every step wants the next batch at once, while somewhere a disk is being read,
# pictures are unpacked, samples are shuffled, and everything is stacked into tensors. In this lab you build the whole
# supply chain that PyTorch calls `torch.utils.data`: datasets, a sampler, a collate function, and at last a loader with
# worker processes. At the end your loader and PyTorch's hand out the same batches, number for number, and you can
# answer the question that every loader must answer: **how does each sample arrive exactly once, in a known order and
# in time, even if one of the processes that fetch it dies?**

# %% [markdown]
# ## You will learn
#
# - to write a dataset that reads only what it is asked for, and a stream that several workers share without reading
#   anything twice;
# - to turn a list of samples, however nested, into one batch of tensors;
# - to draw a random order so that anyone with your seed gets your batches, from your loader or from PyTorch's;
# - to run Python code in worker processes: to hand out work ahead of time, keep the order, pass on an exception with
#   its traceback, and notice the death of a process at once;
# - to predict how many workers a training loop needs, and to recognize the bug that gives all of them the same random
#   numbers.
#
# ## You need
#
# Tensors and a training loop, as in *torch-regression*. Of Python: classes with `__len__`, `__getitem__` and
# `__iter__`, generators (`yield`), `try ... except ... finally`. You need to know nothing about processes. From section
# 4 on they are *forked*, which Linux (so Colab and Kaggle, too) and macOS can do; on Windows open the lab in Colab or
# WSL.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import gzip
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, default_collate

import scratchlab
from scratchlab import plot

lab = scratchlab.start("torch-datasets", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: pictures in a folder
#
# Data rarely come as one tensor. They come as files, often more than memory holds. So begin with files: the next cells
# write handwritten digits into a temporary folder as PNG pictures, one subfolder for each digit. On a CPU these are
# scikit-learn's 8 by 8 digits; with a GPU, part or all of MNIST.


# %%
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits: uint8 pictures (n, height, width), 0 for paper to 255 for ink, and the digits, (n,)."""
    if lab.profile == "cpu":
        digits = load_digits()
        return (digits.images * (255 / 16)).astype(np.uint8), digits.target
    folder = lab.data("mnist")
    pixels = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


def write_folder(root: Path, pixels: np.ndarray, digits: np.ndarray) -> None:
    """Write each picture to root/DIGIT/NUMBER.png."""
    for number, (picture, digit) in enumerate(zip(pixels, digits, strict=True)):
        (root / str(digit)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / str(digit) / f"{number:05d}.png")


# %%
workspace = tempfile.TemporaryDirectory()  # removed when this notebook's kernel ends
root = Path(workspace.name)
pixels, digits = pictures()
n_train, n_test = lab.params["train"], lab.params["test"]
write_folder(root / "train", pixels[:n_train], digits[:n_train])
write_folder(root / "test", pixels[n_train : n_train + n_test], digits[n_train : n_train + n_test])
for part in ("train", "test"):
    print(f"{part}: {len(list((root / part).glob('*/*.png'))):,} files in {len(list((root / part).iterdir()))} folders")
plot.images(
    pixels[:16],
    titles=digits[:16],
    caption="The first 16 training digits, each of them now a file in the folder of its label.",
    alt="Two rows of small gray pictures of handwritten digits, white on black.",
)

# %% [markdown]
# ## 1. A dataset is two methods
#
# For PyTorch, a *map-style dataset* is any object `d` for which `len(d)` says how many samples there are, and `d[i]`
# makes sample number `i`. Nothing more; not even a base class. The important word is *makes*. A million photographs
# fit on a disk and not into memory, so the dataset keeps the **names** of the files, and opens a file when its sample
# is asked for.
#
# A sample here is a pair: the picture as a float32 tensor of shape `(1, height, width)` with numbers from 0 to 1 (the 1
# is the one gray channel), and the number of its class. Classes are numbered 0, 1, 2, ... in the order of the subfolders'
# names; torchvision's `ImageFolder` does the same. A *transform*, a function of the picture, may change it on the way.
#
# **Predict**: a random transform, say a small shift, is given to the dataset. Is `d[7]` the same picture each time?
#
# **Write** `__getitem__`. `Image.open(file)` opens a picture, `np.array(...)` gives its pixels, 0 to 255.


# %% solution="folder"
class FolderDataset:
    """The pictures root/CLASS/NAME.png as pairs (picture, number of the class); nothing is read before it is asked for.

    transform: a function of a picture, applied each time that one is read; None leaves the pictures as they are.
    """

    def __init__(self, root: str | Path, transform: Callable[[Tensor], Tensor] | None = None):
        self.files = sorted(Path(root).glob("*/*.png"))
        self.classes = sorted({file.parent.name for file in self.files})
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Sample `index`: the picture, float32 (1, height, width), 0 to 1, transformed; and the number of its class."""
        ### BEGIN SOLUTION
        file = self.files[index]
        with Image.open(file) as image:
            picture = torch.from_numpy(np.array(image, dtype=np.float32) / 255)[None]
        if self.transform is not None:
            picture = self.transform(picture)
        return picture, self.classes.index(file.parent.name)
        ### END SOLUTION


# %%
train_set, test_set = FolderDataset(root / "train"), FolderDataset(root / "test")
picture, label = train_set[0]
assert picture.shape == (1, *pixels.shape[1:]) and picture.dtype == torch.float32 and label == 0
assert len(train_set) == n_train and train_set[-1][1] == 9
assert FolderDataset(root / "train", transform=lambda x: 1 - x)[0][0].mean() > 0.5  # mostly paper, now bright

# %% check="folder" points=1
check("folder")

# %% [markdown]
# **See it.** What does it cost to make the samples, and what does it cost to learn from them? Read as many samples as
# fit into a batch, then take one step of softmax regression on them, and compare.


# %%
def new_model() -> list[Tensor]:
    """Zero weights (pixels, 10) and biases (10,) of a softmax regression."""
    parameters = [torch.zeros(pixels[0].size, 10), torch.zeros(10)]
    return [each.to(lab.device).requires_grad_() for each in parameters]


def step(parameters: list[Tensor], x: Tensor, y: Tensor, lr: float = 0.5) -> float:
    """One step of gradient descent on pictures x (n, 1, height, width) with labels y (n,); returns the loss before it."""
    weight, bias = parameters
    loss = F.cross_entropy(x.to(lab.device).flatten(1) @ weight + bias, y.to(lab.device))
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= lr * gradient
    return loss.item()


# %%
model, times = new_model(), {"read": [], "step": []}
for first in range(0, 10 * 32, 32):
    begin = time.perf_counter()
    samples = [train_set[index] for index in range(first, first + 32)]
    times["read"].append(time.perf_counter() - begin)
    x, y = torch.stack([x for x, _ in samples]), torch.tensor([y for _, y in samples])
    begin = time.perf_counter()
    step(model, x, y)
    times["step"].append(time.perf_counter() - begin)
for name, values in times.items():
    print(f"{name}: {1000 * np.median(values):.2f} ms for 32 pictures")

# %% [markdown]
# Compare the two numbers, and consider that these pictures are tiny. Where reading takes longer than learning, the
# model waits for its data. That is the usual state of affairs, and a faster GPU only waits longer. Keep the two numbers
# in mind for the experiment on workers.

# %% [markdown]
# ## 2. From samples to a batch
#
# The line with `torch.stack` above knew that a sample is a pair. A loader must not know: other datasets give
# dictionaries, or a picture with a list of boxes. *Collation* turns a list of samples that are built alike into one
# batch that is built as they are, with one more axis in front of everything. PyTorch's `default_collate` does it by
# these rules, the kind of the **first** sample deciding:
#
# | samples are | the batch is |
# | --- | --- |
# | tensors, NumPy arrays, NumPy numbers | one tensor with a new first axis; the dtype stays |
# | `bool`, `int`, `float` | a tensor of shape `(n,)`: bool, int64, float64 |
# | `str`, `bytes` | the list as it is |
# | dictionaries | a dictionary with the keys of the first, each value collated |
# | named tuples | a named tuple of the same class, each field collated |
# | other tuples, lists | a **list**: all first parts collated, all second parts collated, ... |
#
# Parts can be containers themselves, so the rules call each other. Sequences of unequal length are an error, and so is
# any other kind of sample (`TypeError`).
#
# **Predict**: the samples `(x, 3)`, `(x, 5)`, `(x, 7)` with `x` of shape `(1, 8, 8)` become a list of what?
#
# **Write** `collate`. Three hints from experience: `zip(*samples)` turns a list of samples into a list of parts; a
# `np.float64` *is* a `float` for `isinstance`, so ask for NumPy's kinds first; and a named tuple is a tuple with an
# attribute `_fields`.


# %% solution="collate"
def collate(samples: list) -> Any:
    """One batch of n samples that are built alike: by the rules of the table, with a new first axis of length n.

    Raises ValueError if sequences are not equally long, TypeError for samples that no rule covers.
    """
    ### BEGIN SOLUTION
    first = samples[0]
    if isinstance(first, Tensor):
        return torch.stack(samples)
    if isinstance(first, np.ndarray | np.number | np.bool_):
        return torch.stack([torch.as_tensor(each) for each in samples])
    if isinstance(first, float):
        return torch.tensor(samples, dtype=torch.float64)
    if isinstance(first, int):  # bool is a kind of int, and stays bool
        return torch.tensor(samples)
    if isinstance(first, str | bytes):
        return samples
    if isinstance(first, Mapping):
        return {key: collate([each[key] for each in samples]) for key in first}
    if isinstance(first, tuple | list):
        parts = [collate(list(part)) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"cannot make a batch of {type(first).__name__}")
    ### END SOLUTION


# %%
batch = collate([{"picture": picture, "name": "a", "box": (1, 2.5)}, {"picture": picture, "name": "b", "box": (3, 4.5)}])
assert batch["picture"].shape == (2, 1, *pixels.shape[1:]) and batch["name"] == ["a", "b"]
assert batch["box"][0].tolist() == [1, 3] and batch["box"][1].dtype == torch.float64

# %% check="collate" points=2
check("collate")

# %% [markdown]
# **See it.** The same samples through your function and through PyTorch's.

# %%
samples = [train_set[index] for index in range(0, n_train, n_train // 6)][:6]
for function in (collate, default_collate):
    x, y = function(samples)
    print(f"{function.__name__:15s} {type(function(samples)).__name__} of x {tuple(x.shape)} {x.dtype}, y {y.tolist()} {y.dtype}")

# %% [markdown]
# Stacking only works for parts of one shape. Sentences or sounds of different lengths need a `collate` that pads them;
# every loader lets you pass your own.

# %% [markdown]
# ## 3. Which samples, in which order
#
# A *sampler* decides. One pass over the data, an *epoch*, visits each of the $n$ samples once; a *batch sampler* yields
# lists of indices, one list for each batch. PyTorch puts it together from three small classes, `SequentialSampler`
# or `RandomSampler` inside `BatchSampler`. You write one that does the work of all three.
#
# The last batch is short if the batch size $B$ does not divide $n$. With `drop_last` it is left out, so there are
# $\lfloor n/B \rfloor$ batches instead of $\lceil n/B \rceil$.
#
# The random order deserves care. "Shuffled" is easy; "shuffled so that the run can be repeated" is a protocol, and to
# get PyTorch's batches you must draw what PyTorch draws:
#
# - in each epoch the order is `torch.randperm(n, generator=generator)`, a new one each time, because the generator
#   moves on;
# - if no generator was given, a new one is made **for this epoch** with `generator.manual_seed(seed)`, and its seed is
#   drawn from torch's global generator: `int(torch.empty((), dtype=torch.int64).random_())`.
#
# - and when all batches are handed out, `torch.randperm` is called **once more** with this generator, and the result
#   thrown away. (It is a leftover from code that can also draw more than $n$ samples. It does no harm, but whoever
#   leaves it out has other batches than PyTorch from the second epoch on.)
#
# The second rule is why `torch.manual_seed(0)` at the top of a script fixes the batches, too.
#
# **Predict**: would it do as well to draw the order once, when the sampler is made?
#
# **Write** `__iter__`. Yield lists of plain integers (`tolist()`).


# %% solution="sampler"
class BatchSampler:
    """Lists of the indices 0 ... n-1, one list a batch; each epoch, a new iteration, has every index once."""

    def __init__(
        self, n: int, batch_size: int, *, shuffle: bool = False, drop_last: bool = False, generator: torch.Generator | None = None
    ):
        self.n, self.batch_size, self.shuffle, self.drop_last, self.generator = n, batch_size, shuffle, drop_last, generator

    def __len__(self) -> int:
        return self.n // self.batch_size if self.drop_last else -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of one epoch: in order, or with `shuffle` in an order drawn as PyTorch draws it."""
        ### BEGIN SOLUTION
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator()
                generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
            order = torch.randperm(self.n, generator=generator).tolist()
        for first in range(0, self.n, self.batch_size):
            batch = list(order[first : first + self.batch_size])
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)  # PyTorch draws once more and throws it away
        ### END SOLUTION


# %%
assert list(BatchSampler(7, 3)) == [[0, 1, 2], [3, 4, 5], [6]]
assert list(BatchSampler(7, 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
shuffled = [index for batch in BatchSampler(7, 3, shuffle=True) for index in batch]
assert sorted(shuffled) == list(range(7))  # each index once

# %% check="sampler" points=2
check("sampler")

# %% [markdown]
# **Now a loader**, and it is short. `fetch` gets the samples that a request asks for: those at the indices of a list or,
# from a stream (your next section), simply the next so many. `serial` is the loop that needs no workers. `Loader` puts
# the parts together; its arguments mean what they mean in PyTorch. One line looks odd: before anything else, each epoch
# draws a `base_seed`, from which the workers of section 6 will get their seeds. PyTorch draws it even if there are no
# workers, so your loader must, or the two would use the generator differently.


# %%
def source_of(dataset: Any) -> Any:
    """What `fetch` takes samples from: the dataset or, if it is a stream, an iterator over it."""
    return iter(dataset) if isinstance(dataset, IterableDataset) else dataset


def fetch(source: Any, request: list[int] | int) -> list:
    """The samples at the indices `request`; of a stream, the next `request` samples, or fewer at its end."""
    return list(islice(source, request)) if isinstance(request, int) else [source[index] for index in request]


def serial(loader: "Loader", requests: Iterable) -> Iterator:
    """The batches of one epoch, made in this process."""
    source = source_of(loader.dataset)
    for request in requests:
        samples = fetch(source, request)
        if not samples:  # a stream has ended
            return
        yield loader.collate_fn(samples)


# %%
class Loader:
    """Batches of a dataset; iterate over it once for each epoch.

    prefetch: batches that each worker makes in advance. timeout: the seconds to wait for a worker's batch, at most.
    """

    def __init__(
        self, dataset: Any, batch_size: int = 1, shuffle: bool = False, *, drop_last: bool = False, collate_fn: Callable | None = None,
        generator: torch.Generator | None = None, num_workers: int = 0, prefetch: int = 2, timeout: float = 60.0,
    ):  # fmt: skip
        self.dataset, self.batch_size, self.collate_fn = dataset, batch_size, collate_fn or collate
        self.generator, self.num_workers, self.prefetch, self.timeout = generator, num_workers, prefetch, timeout
        self.batch_sampler = None
        if not isinstance(dataset, IterableDataset):
            self.batch_sampler = BatchSampler(len(dataset), batch_size, shuffle=shuffle, drop_last=drop_last, generator=generator)
        elif shuffle or drop_last:
            raise ValueError("a stream has its own order and its own end; shuffle and drop_last are for map-style datasets")

    def __iter__(self) -> Iterator:
        base_seed = int(torch.empty((), dtype=torch.int64).random_(generator=self.generator))
        requests = repeat(self.batch_size) if self.batch_sampler is None else iter(self.batch_sampler)
        return parallel(self, requests, base_seed) if self.num_workers else serial(self, requests)

    def __len__(self) -> int:
        return len(self.batch_sampler)


# %% [markdown]
# **See it.** The first labels of two epochs from both loaders, with equal seeds, and a first training run.


# %%
def fit(batches: Iterable, epochs: int) -> tuple[list[Tensor], list[float]]:
    """Train a softmax regression on `batches`, iterated over once for each epoch; returns its parameters and all losses."""
    parameters = new_model()
    return parameters, [step(parameters, x, y) for _ in range(epochs) for x, y in batches]


def accuracy(parameters: list[Tensor], dataset: Any) -> float:
    """The share of the samples of a dataset whose class a softmax regression names, 0 to 1."""
    x, y = collate([dataset[index] for index in range(len(dataset))])
    scores = x.to(lab.device).flatten(1) @ parameters[0] + parameters[1]
    return (scores.argmax(1).cpu() == y).float().mean().item()


# %%
batch_size = lab.params["batch"]
for kind in (Loader, DataLoader):
    loader = kind(train_set, batch_size, shuffle=True, generator=torch.Generator().manual_seed(lab.seed))
    print(f"{kind.__name__:10s}", *(next(iter(loader))[1][:12].tolist() for _ in range(2)))
loader = Loader(train_set, batch_size, shuffle=True, generator=torch.Generator().manual_seed(lab.seed))
parameters, losses = fit(loader, lab.params["epochs"])
print(f"loss {losses[0]:.3f} at first, {np.mean(losses[-10:]):.3f} at last")
record("test_accuracy", accuracy(parameters, test_set))

# %% [markdown]
# Within a line the two epochs differ; the two lines do not. And a model has learned to read digits from files, through
# a chain in which every link is yours. What is missing is speed.

# %% [markdown]
# ## 4. A stream, divided among readers
#
# Very large data are not kept as a million little files, for opening each of them costs more than reading it. Many
# samples are packed into one larger file, a *shard*, and read from front to back. Nobody can ask a stream for sample
# 4,711, so there is no `__getitem__` and no `len`: an *iterable-style dataset* has `__iter__`, and that is all.
# (PyTorch's base class `IterableDataset` adds only its name, by which a loader recognizes a stream.)
#
# With workers there is a catch. Each worker process gets a **copy** of the dataset and iterates over it. If nothing is
# done about it, two workers read all shards each and every sample arrives twice; nothing crashes, the loss even looks
# fine. So a stream must ask who is reading. In a worker, `worker_info()` says so; elsewhere it is `None`.
#
# The usual division is by shards: of $W$ workers, number $w$ reads the shards $w,\; w+W,\; w+2W, \dots$ and does not
# even open the others.
#
# **Predict**: five shards of equal size and two workers. Which share of the data does each read? And with eight
# workers?


# %%
@dataclass
class WorkerInfo:
    """Who a worker is: `id`, from 0 to `num_workers` - 1, and the seed of its random generators."""

    id: int
    num_workers: int
    seed: int


CURRENT = {"worker": None}  # set in worker processes only


def worker_info():
    """Who this process is: a WorkerInfo in one of our workers, PyTorch's in one of PyTorch's, None in any other process."""
    return CURRENT["worker"] or torch.utils.data.get_worker_info()


def set_worker_info(info: WorkerInfo) -> None:
    """Make `worker_info()` return `info` in this process."""
    CURRENT["worker"] = info


# %% [markdown]
# **Write** `__iter__` as a generator. `np.load(file)` opens a shard; its arrays are `shard["pictures"]`, uint8 of shape
# (n, height, width), and `shard["labels"]`. Samples look as in section 1. A slice with a step, `files[a::b]`, does the
# division.


# %% solution="shards"
class ShardDataset(IterableDataset):
    """The samples of .npz files, file after file, as pairs (picture, label); in a worker, only those of the worker's share.

    transform: a function of a picture, applied to each one; None leaves the pictures as they are.
    """

    def __init__(self, files: Sequence[str | Path], transform: Callable[[Tensor], Tensor] | None = None):
        self.files, self.transform = list(files), transform

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        """Pairs of a picture, float32 (1, height, width), 0 to 1, and its label; a shard is opened when its turn comes."""
        ### BEGIN SOLUTION
        info = worker_info()
        files = self.files if info is None else self.files[info.id :: info.num_workers]
        for file in files:
            with np.load(file) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                x = picture[None]
                yield (x if self.transform is None else self.transform(x)), label
        ### END SOLUTION


# %%
def write_shards(folder: Path, pixels: np.ndarray, labels: np.ndarray, count: int) -> list[Path]:
    """Pack the pictures (n, height, width) and labels (n,) into `count` files, as evenly as possible; returns the files."""
    folder.mkdir()
    files = [folder / f"{number:03d}.npz" for number in range(count)]
    for file, rows in zip(files, np.array_split(np.arange(len(pixels)), count), strict=True):
        np.savez(file, pictures=pixels[rows], labels=labels[rows])
    return files


# %%
shards = write_shards(root / "shards", pixels[:n_train], digits[:n_train], count=5)
assert sum(1 for _ in ShardDataset(shards)) == n_train
picture, label = next(iter(ShardDataset(shards)))
assert picture.shape == (1, *pixels.shape[1:]) and label == digits[0]

# %% check="shards" points=1
check("shards")

# %% [markdown]
# **See it.** PyTorch's own loader, with two workers, over your stream, and over one that does not ask who is reading.
# `torch_loader` is that loader, told to fork its workers, for a reason that comes at the end of the lab.


# %%
class Careless(IterableDataset):
    """A stream that gives everything to everybody."""

    def __init__(self, files: Sequence[Path]):
        self.files = files

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        for file in self.files:
            with np.load(file) as shard:
                yield from zip(torch.from_numpy(shard["pictures"]), shard["labels"].tolist(), strict=True)


def torch_loader(*args, num_workers: int = 0, **options) -> DataLoader:
    """PyTorch's DataLoader; its workers, if there are any, are forked."""
    return DataLoader(*args, num_workers=num_workers, multiprocessing_context="fork" if num_workers else None, **options)


# %%
warnings.filterwarnings("ignore", message="This DataLoader will create")  # PyTorch warns of more workers than cores
for kind in (ShardDataset, Careless):
    count = sum(len(y) for _, y in torch_loader(kind(shards), batch_size, num_workers=2))
    print(f"{kind.__name__:13s} {count:,} samples arrive, {n_train:,} are there")

# %% [markdown]
# Note that PyTorch said nothing about it. Counting samples is a test that every new stream deserves.

# %% [markdown]
# ## 5. Inside a worker
#
# A second Python *process* has an interpreter of its own and runs at the same time, on another core if there is one. It
# shares no variables with yours. Ours start as a *fork*: a copy of your process at this moment, with every dataset and
# every function in it, made in milliseconds, since memory is only copied where one of the two writes. What happens later
# in one of them, the other does not see.
#
# The two then talk through a *pipe*. What one end sends, the other receives, as bytes: `pickle` turns most Python
# objects into bytes and back. And a pipe says one thing more, without which the next section could not work: if the
# process at the other end closes it, **or ends for whatever reason**, then `receive` returns `None`.

# %%
import contextlib
import multiprocessing
import os
import pickle
import random
import re
import signal
import traceback
from collections import Counter, deque
from multiprocessing.connection import Connection


# %%
def send(pipe: Connection, thing: Any) -> None:
    """Send a thing through a pipe; if nobody is there any more to receive it, nothing happens."""
    with contextlib.suppress(OSError):
        pipe.send_bytes(pickle.dumps(thing))


def receive(pipe: Connection) -> Any:
    """Wait for the next thing from the other end of a pipe; None if that end was closed, or its process has ended."""
    try:
        return pickle.loads(pipe.recv_bytes())
    except (EOFError, OSError):
        return None


# %% [markdown]
# A worker's life is a loop. It receives a *request* (a list of indices or, for a stream, a number of samples), does
# what `serial` does, and sends back one of three answers:
#
# - `("batch", batch)`;
# - `("end", None)` if a stream gave no more samples;
# - `("error", text)` if an exception was raised, where the text is the whole traceback, `traceback.format_exc()`. The
#   worker then goes on to the next request: whether an error ends the epoch is not its business.
#
# It stops when `receive` returns `None`. Before the loop come two duties. `set_worker_info` tells streams who is
# reading. And the three global random generators, `random`, `np.random` and `torch`, get the seed `info.seed`: after a
# fork all workers hold copies of the *same* generators, in the same state. (`np.random.seed` wants less than $2^{32}$.)
#
# **Predict**: a worker gets a stream and the requests 4, 4, 4. Where must `iter(dataset)` stand, before the loop or in
# it?
#
# **Write** `work`. Call `source_of`, like `serial`, and `fetch`.


# %% solution="work"
def work(pipe: Connection, dataset: Any, collate_fn: Callable, info: WorkerInfo) -> None:
    """What a worker process does, from its start to its end: answer the requests that come through `pipe`."""
    ### BEGIN SOLUTION
    set_worker_info(info)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    torch.manual_seed(info.seed)
    source = source_of(dataset)
    while (request := receive(pipe)) is not None:
        try:
            samples = fetch(source, request)
            answer = ("batch", collate_fn(samples)) if samples else ("end", None)
        except Exception:
            answer = ("error", traceback.format_exc())
        send(pipe, answer)
    ### END SOLUTION


# %%
@dataclass
class Worker:
    """A worker as its parent sees it: who it is, its process, and our end of the pipe."""

    info: WorkerInfo
    process: multiprocessing.Process
    pipe: Connection


def start_worker(loader: Loader, number: int, base_seed: int) -> Worker:
    """Fork worker `number` of a loader. Whoever starts workers stops them with `stop_workers`."""
    ours, theirs = multiprocessing.Pipe()
    info = WorkerInfo(number, loader.num_workers, base_seed + number)

    def run() -> None:
        ours.close()  # the fork copied it; only the parent may hold it, or the worker would never hear that the parent has ended
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent to handle
        torch.set_num_threads(1)  # the threads that torch had do not exist in a copy
        work(theirs, loader.dataset, loader.collate_fn, info)

    process = multiprocessing.get_context("fork").Process(target=run, daemon=True)
    process.start()
    theirs.close()  # now the worker alone holds it: when the worker ends, so does the pipe
    return Worker(info, process, ours)


# %%
def stop_workers(workers: list[Worker], patience: float = 2.0) -> None:
    """Close the pipes, upon which workers end by themselves; kill those that have not after `patience` seconds."""
    until = time.monotonic() + patience
    for worker in workers:
        worker.pipe.close()
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
        worker.process.join()


def obituary(worker: Worker) -> str:
    """How a worker's process ended, in words."""
    worker.process.join(1)
    code = worker.process.exitcode
    how = f"was ended by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"
    return f"its process {how}"


# %%
hired = start_worker(Loader(train_set, num_workers=1), number=0, base_seed=7)
send(hired.pipe, [0, 1, 2])
answer = receive(hired.pipe)
assert answer is not None, "the worker has ended without an answer"
kind, (x, y) = answer
assert kind == "batch" and x.shape == (3, 1, *pixels.shape[1:]) and y.tolist() == [0, 0, 0]
stop_workers([hired])
assert not hired.process.is_alive()

# %% check="work" points=2
check("work")

# %% [markdown]
# **See it.** Ask one worker for a picture that does not exist and then for two that do.

# %%
hired = start_worker(Loader(train_set, num_workers=1), number=0, base_seed=7)
for request in ([10**9], [0, 1]):
    send(hired.pipe, request)
    kind, content = receive(hired.pipe)
    shown = re.sub('File ".*", ', "", content) if kind == "error" else content[1]  # names of a notebook's cells tell nothing
    print(f"request {request}: {kind}\n{shown}")
stop_workers([hired])

# %% [markdown]
# The traceback names the line of *your* dataset in which it happened, in another process. Without it you would read
# "something went wrong", and start guessing.

# %% [markdown]
# ## 6. Around the workers
#
# Now the other side, which is where loaders earn their living. Your process hands out requests and yields batches. Three
# things are wanted at once.
#
# **Prefetching.** A worker should never wait for you. So each worker is given `prefetch` requests at the start, and one
# more each time that you take one of its batches, *before* you pass the batch on. Then there are always `prefetch`
# batches of each worker ready or in the making, and never more, or a fast worker would fill the memory.
#
# **Order.** Batch $k$ goes to worker $k \bmod W$, as in PyTorch, so that requests are dealt like cards. Each worker
# answers its own requests in order. So you know whose answer comes next, and never have to sort. Keep a queue
# (`collections.deque`) of the workers that owe you an answer: append one when it gets a request, take one from the
# left when you want the next batch. A stream's worker that says `"end"` gets no further request (what it still owes will
# be the same word); the others take turns as before.
#
# **Failure.** The worker whose turn it is may not answer with a batch. Each of these raises `WorkerError`, after all
# earlier batches have been yielded:
#
# | what happened | how you know | what the message holds |
# | --- | --- | --- |
# | an exception in the worker | the answer is `("error", text)` | "worker", its number, and the text |
# | the worker has ended | `receive` returns `None` | "worker", its number, and `obituary(worker)` |
# | it is stuck | `worker.pipe.poll(loader.timeout)`, which waits until something can be received, returns `False` | "worker" and its number |
#
# And whatever happens, even if the consumer stops after the first batch, **no worker may be left behind**. In a
# generator `finally` does it, because giving up a generator runs its `finally`.
#
# **Predict**: what would a training loop notice if `None` were taken for the end of the data?


# %%
class WorkerError(RuntimeError):
    """Something went wrong in a worker process; the text says in which one, and what."""


# %% [markdown]
# **Write** `parallel`. `requests` is an iterator: `next(requests, None)` is the next one, or `None` if all are handed
# out.


# %% solution="loader"
def parallel(loader: Loader, requests: Iterator, base_seed: int) -> Iterator:
    """The batches of one epoch in the order of `requests`, made by `loader.num_workers` worker processes."""
    ### BEGIN SOLUTION
    workers = [start_worker(loader, number, base_seed) for number in range(loader.num_workers)]
    owing = deque()  # the workers that owe an answer, in the order of the batches

    def ask(worker: Worker) -> None:
        """Give a worker the next request, if there is one."""
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
            if kind == "batch":
                ask(worker)
                yield content
            elif kind != "end":
                raise WorkerError(f"worker {worker.info.id}: {content}")
    finally:
        stop_workers(workers)
    ### END SOLUTION


# %%
loader = Loader(torch.arange(10), batch_size=4, num_workers=2, timeout=10)
assert [batch.tolist() for batch in loader] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
arrived = Counter(y.item() for _, y in Loader(ShardDataset(shards), num_workers=3, timeout=30))
assert arrived == Counter(digits[:n_train].tolist())  # nothing lost, nothing doubled

# %% check="loader" points=3
check("loader")

# %% [markdown]
# **See it.** Who works when? Each sample of this dataset says who made it and from when to when. Reading is a pause
# here, so the picture looks the same on a machine with one core. Every fourth batch takes twice as long.


# %%
class Timed:
    """n samples (worker, begin, end), each `pause` seconds long, or twice as long in every fourth batch of `size`."""

    def __init__(self, n: int, size: int, pause: float):
        self.n, self.size, self.pause = n, size, pause

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[int, float, float]:
        begin = time.monotonic()
        time.sleep(self.pause * (2 if index // self.size % 4 == 0 else 1))
        info = worker_info()
        return (info.id if info else 0), begin, time.monotonic()


def show_schedule(made: list[tuple[int, float, float]], used: list[tuple[float, float]], workers: int) -> None:
    """Draw who works when: `made` (worker, begin, end) and `used` (begin, end) of each batch, in seconds."""
    zero = made[0][1]
    caption = "Three workers make batches ahead of the loop that uses them. The numbers are those of the batches."
    alt = "A row of bars for each of three workers and one for the loop; the loop's bars follow each other in the order of their numbers."
    with plot.figure(caption=caption, alt=alt, height=2.6) as ax:
        for number, (worker, begin, end) in enumerate(made):
            for row, (left, right), color in ((worker, (begin, end), plot.COLORS[0]), (workers, used[number], plot.COLORS[1])):
                ax.barh(row, right - left, left=left - zero, color=color, edgecolor=plot.NEUTRAL)
                ax.text((left + right) / 2 - zero, row, str(number), ha="center", va="center", fontsize=8, color="black")
        ax.set_yticks(range(workers + 1), [f"worker {w}" for w in range(workers)] + ["your loop"])
        ax.set_xlabel("seconds")


# %%
made, used = [], []
for worker, begin, end in Loader(Timed(48, 4, 0.01), batch_size=4, num_workers=3, timeout=30):
    made.append((worker[0].item(), begin[0].item(), end[-1].item()))
    used.append([time.monotonic()])
    time.sleep(0.03)  # the training step
    used[-1].append(time.monotonic())
show_schedule(made, used, workers=3)

# %% [markdown]
# At the left you see the loop wait for batch 0; from then on most batches are ready before they are wanted. Find a batch
# that was finished before one with a smaller number, and then find both in the row of your loop.
#
# And when a worker dies? This one ends its process in the middle of sample 37, as the system does with a process that
# takes too much memory.


# %%
class Doomed:
    """The numbers 0 ... 99; whoever reads number 37 is killed."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> int:
        if index == 37:
            os.kill(os.getpid(), signal.SIGKILL)
        return index


# %%
arrived, begin = [], time.monotonic()
try:
    for batch in Loader(Doomed(), batch_size=5, num_workers=2, timeout=60):
        arrived += batch.tolist()
except WorkerError as error:
    print(f"WorkerError: {error}")
noticed = time.monotonic() - begin
print(f"{len(arrived)} samples had arrived, noticed after {noticed:.2f} s; children left: {len(multiprocessing.active_children())}")
claim("every sample before the batch that died arrived, in order", arrived == list(range(35)))
claim("the death is noticed long before the timeout", noticed < 20)

# %% [markdown]
# ## Experiment: one generator, copied
#
# Section 5 gave each worker its own seed. Is randomness in workers safe now? Look at a very common dataset: it makes
# `self.rng = np.random.default_rng(0)` when it is built, and draws its augmentations, shifts for example, from it.
#
# **Predict**: with $W$ workers and $E$ epochs, what share of the numbers drawn are different from each other? Remember
# what a fork copies, and when the workers of the second epoch are forked.


# %%
class Dice:
    """n random numbers of 62 bits, from a generator made with the dataset, or `late`: when the first number is needed."""

    def __init__(self, n: int, late: bool):
        self.n, self.rng = n, None if late else np.random.default_rng(lab.seed)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        if self.rng is None:  # in a worker, torch.initial_seed() is the worker's own seed
            self.rng = np.random.default_rng(torch.initial_seed())
        return int(self.rng.integers(2**62))


def distinct(kind: Callable, late: bool, workers: int, epochs: int) -> float:
    """The share of different numbers among those that arrive from a loader of this kind in some epochs, 0 to 1."""
    loader = kind(Dice(48, late), batch_size=4, num_workers=workers, timeout=30 if workers else 0)
    numbers = [number for _ in range(epochs) for batch in loader for number in batch.tolist()]
    return len(set(numbers)) / len(numbers)


# %%
counts, epochs = [0, 1, 2, 3], 2
shares = {
    f"{'late' if late else 'with the dataset'}, {kind.__name__}": [distinct(kind, late, workers, epochs) for workers in counts]
    for late in (False, True)
    for kind in (Loader, torch_loader)
}
for name, values in shares.items():
    print(f"{name:30s}", "   ".join(f"{workers} workers: {value:.0%}" for workers, value in zip(counts, values, strict=True)))

# %%
record("distinct_copied", shares["with the dataset, Loader"][-1])
record("distinct_late", shares["late, Loader"][-1])
predicted = [1 / (max(workers, 1) * (epochs if workers else 1)) for workers in counts]
for kind in ("Loader", "torch_loader"):
    claim(f"{kind}: a generator made with the dataset gives 1/(W E) different numbers", shares[f"with the dataset, {kind}"] == predicted)
    claim(f"{kind}: one made late, from the worker's seed, never repeats itself", min(shares[f"late, {kind}"]) == 1)

# %% [markdown]
# Every worker starts from a copy of the same generator, and so does every epoch, for the copy in *your* process never
# moves on. Without workers all is well, so a test without workers never finds this bug. See what it does to augmented
# pictures: eight batches of one digit, each moved at random, by four workers.


# %%
class Moved:
    """A picture (1, height, width) in many copies, each moved around by up to two pixels; `late` as in Dice."""

    def __init__(self, picture: Tensor, late: bool):
        self.picture, self.dice = picture, Dice(8, late)

    def __len__(self) -> int:
        return len(self.dice)

    def __getitem__(self, index: int) -> Tensor:
        number = self.dice[index]
        return F.pad(self.picture, (2,) * 4).roll((number % 5 - 2, number // 5 % 5 - 2), (1, 2))


# %%
moved = [batch[0, 0] for late in (False, True) for batch in Loader(Moved(train_set[0][0], late), num_workers=4, timeout=30)]
plot.images(
    moved,
    titles=[f"worker {number % 4}" for number in range(16)],
    columns=8,
    height=2.4,
    caption="One digit, moved at random by four workers. Above: a generator made with the dataset. Below: made late, from the worker's seed.",
    alt="Two rows of eight pictures of a zero. Above, four neighbors always lie at the same place. Below, they lie at different places.",
)

# %% [markdown]
# In the upper row, read in groups of four, nothing is random about the workers. The cure in the lower row is one line.
# Where does the seed come from? From `base_seed`, drawn anew in every epoch, plus the worker's number.
#
# ## Experiment: how many workers?
#
# Suppose that making a batch takes $p$ seconds of waiting for a disk or a network, and a training step takes $c$
# seconds. Without workers, an epoch of $N$ batches takes $N(p + c)$. With $W$ workers, making and using overlap, and
# whichever is slower sets the pace; only the first batch is always waited for. Starting and stopping $W$ processes
# takes some time $s_W$, too:
#
# $$T_0 = N\,(p + c), \qquad T_W \approx s_W + p + N \max\!\left(\frac{p}{W},\; c\right).$$
#
# So a single worker already gains something, and more than $p/c$ workers only cost.
#
# **Predict**: $p$ is twice $c$ here. How much faster than none is one worker, two, four?


# %%
class Slow:
    """n samples, each of which takes `pause` seconds to read."""

    def __init__(self, n: int, pause: float):
        self.n, self.pause = n, pause

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        time.sleep(self.pause)
        return index


def epoch_seconds(workers: int, batches: int, make: float, use: float) -> float:
    """The seconds that an epoch takes if making a batch of 4 takes `make` seconds and using it `use` seconds."""
    begin = time.perf_counter()
    for _ in Loader(Slow(4 * batches, make / 4), batch_size=4, num_workers=workers, timeout=60):
        time.sleep(use)
    return time.perf_counter() - begin


def bootstrap_interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(0).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
def show_epochs(counts: list[int], means: np.ndarray, ends: np.ndarray, expected: list[float]) -> None:
    """Draw measured seconds, means (k,) with intervals (k, 2), as bars for each number of workers, and the expected ones as points."""
    caption = "Time of an epoch by number of workers: mean with its 95 % interval, and the prediction."
    alt = "Bars that fall from none to two workers and no further at four; next to the top of each bar lies the point of its prediction."
    with plot.figure(caption=caption, alt=alt, width=5.0, height=3.2) as ax:
        spans = np.abs(ends.T - means)
        ax.bar(range(len(counts)), means, yerr=spans, color=plot.COLORS[0], alpha=0.8, ecolor=plot.NEUTRAL, capsize=4, label="measured")
        ax.plot(range(len(counts)), expected, "D", color=plot.COLORS[1], label="predicted")
        ax.set_xticks(range(len(counts)), [str(count) for count in counts])
        ax.set_xlabel("number of workers")
        ax.set_ylabel("seconds for an epoch")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


# %%
counts, N, p, c = [0, 1, 2, 4], 12, 0.05, 0.025
measured = np.array([[epoch_seconds(workers, N, p, c) for workers in counts] for _ in range(lab.params["repeats"])])  # (repeats, counts)
start = [np.median([epoch_seconds(workers, 1, 0, 0) for _ in range(3)]) for workers in counts]  # an epoch with next to nothing to do
expected = [s + p + N * max(p / workers, c) if workers else N * (p + c) for workers, s in zip(counts, start, strict=True)]
ends = np.array([bootstrap_interval(column) for column in measured.T])
for workers, mean, (low, high), predicted in zip(counts, measured.mean(0), ends, expected, strict=True):
    print(f"{workers} workers: {mean:.3f} s, 95 % interval {low:.3f} to {high:.3f} s, predicted {predicted:.3f} s")
show_epochs(counts, measured.mean(0), ends, expected)

# %%
speedup = np.median(measured[:, [0]] / measured, axis=0)  # against no workers
record("speedup_2_workers", speedup[2])
working = np.median(measured, axis=0) - start
claim("apart from its start a single worker already gains, by overlap alone", working[1] < working[0])
claim("two workers gain more than one", speedup[2] > speedup[1])
claim("four are not a sixth faster than two: the training step sets the pace", speedup[3] < 7 / 6 * speedup[2])

# %% [markdown]
# The knee is at $p/c$ workers. To the left of it you wait for data, to the right the data wait for you, and another
# worker adds nothing but its start. (If making a batch were computing instead of waiting, another limit would come
# first: the number of cores.)

# %% [markdown]
# ## Against the real thing
#
# Four kinds of epochs, each twice, by your loader and by `torch.utils.data.DataLoader` from equal seeds: shuffled;
# with workers; with a random transform inside the workers (from torch's generator, which both seed alike); and a stream
# whose workers come to their ends at different times. Every number of every batch is compared.


# %%
def jitter(picture: Tensor) -> Tensor:
    """A picture with a little noise."""
    return picture + 0.1 * torch.randn_like(picture)


def count_equal(dataset: Any, **options) -> tuple[int, int]:
    """How many batches of two epochs are exactly the same from both loaders with one seed, and how many there are."""
    mine, theirs = (
        [batch for _ in range(2) for batch in loader]
        for loader in (kind(dataset, generator=torch.Generator().manual_seed(lab.seed), **options) for kind in (Loader, torch_loader))
    )
    same = sum(torch.equal(x, a) and torch.equal(y, b) for (x, y), (a, b) in zip(mine, theirs, strict=True))
    return same, len(theirs)


# %%
EPOCHS = {
    "shuffled, no workers": (lambda: test_set, {"batch_size": 16, "shuffle": True}),
    "shuffled, 2 workers": (lambda: test_set, {"batch_size": 16, "shuffle": True, "drop_last": True, "num_workers": 2}),
    "random transform": (lambda: FolderDataset(root / "test", jitter), {"batch_size": 16, "shuffle": True, "num_workers": 2}),
    "stream, 2 workers": (lambda: ShardDataset(shards), {"batch_size": 100, "num_workers": 2}),
}

# %%
results = {name: count_equal(dataset(), **options) for name, (dataset, options) in EPOCHS.items()}
for name, (same, total) in results.items():
    print(f"{name:22s} {same} of {total} batches are the same")
record("different_batches", sum(total - same for same, total in results.values()))
runs = [
    fit(kind(train_set, batch_size, shuffle=True, num_workers=2, generator=torch.Generator().manual_seed(lab.seed)), epochs=1)[1]
    for kind in (Loader, torch_loader)
]
claim("training with either loader gives the same losses, to the last bit", runs[0] == runs[1])

# %% [markdown]
# And how fast? One epoch of the training digits with two workers, yours and PyTorch's in turn, several times, all on one
# core, so that what is compared is the work and not how a machine spreads it. Two clocks are read: the one on the wall,
# and the processor's own, which counts the time that your process and its workers have been computing, start and end
# included. On a quiet machine both give the same ratios; other programs disturb the first clock much more. So the second
# is recorded, as the median over all pairs.


# %%
def computing_seconds() -> float:
    """The processor time that this process and its finished children have used so far, in seconds."""
    import resource  # Linux and macOS have it

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """A context in which this process, and what it forks, stays on one core, where the system allows it (Linux does)."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


# %%
def speeds(kind: Callable) -> list[float]:
    """Training digits per second in one epoch with two workers: by the clock, and by processor time."""
    clocks = [time.perf_counter, computing_seconds]
    begin = [clock() for clock in clocks]
    count = sum(len(y) for _, y in kind(train_set, batch_size, shuffle=True, num_workers=2))
    return [count / (clock() - start) for clock, start in zip(clocks, begin, strict=True)]


# %%
with one_core():
    pairs = np.array([[speeds(kind) for kind in (Loader, torch_loader)] for _ in range(lab.params["pairs"])])  # (pairs, 2, 2)
for column, name in enumerate(("by the clock", "by processor time")):
    mine, theirs = np.median(pairs[:, :, column], axis=0)
    print(
        f"{name:17s} yours {mine:6,.0f} samples/s, torch {theirs:6,.0f}, ratios {np.sort(pairs[:, 0, column] / pairs[:, 1, column]).round(2)}"
    )
record("torch_ratio", np.median(pairs[:, 0, 1] / pairs[:, 1, 1]))

# %% [markdown]
# For small batches a pipe is a fast way. What does PyTorch do better?
#
# - **Shared memory.** Your pipe copies every byte several times. PyTorch's workers put tensors into memory that both
#   processes see, and send only its name, which saves copies of large batches.
# - **Pinned memory.** With `pin_memory=True` a thread copies finished batches to where a GPU can fetch them while it
#   computes (`x.to("cuda", non_blocking=True)`).
# - **`persistent_workers=True`** keeps the processes from epoch to epoch.
# - **It does not have to fork.** On Windows it cannot; on macOS, and on Linux from Python 3.14 on, it does not unless it
#   is told to, because a copy of a process with several threads can hang. It starts fresh interpreters (*spawn*,
#   *forkserver*) and sends them the pickled dataset. These must *import* its class, and a class that was defined in a
#   notebook cannot be imported. With such workers, datasets belong into a `.py` file, and a script's own work under
#   `if __name__ == "__main__":`. Your loader can only fork, and so could `torch_loader` in this notebook; in code that
#   must run everywhere, prefer the `.py` file.
# - It has samplers for several machines (`DistributedSampler`), for weighted draws, and two more start-up hooks.
#
# In your own work use `torch.utils.data.DataLoader`. You know now what its arguments do, and where to look when it hangs.

# %% [markdown] answer="open-file" points=1
# ## In your own words
#
# A colleague keeps all pictures in one large file. To save time, the dataset opens it once, in `__init__`, and
# `__getitem__` does `self.file.seek(position)` and then `self.file.read(size)`. With `num_workers=0` all is well. With
# four workers, some pictures are garbage, in every run different ones. Explain why, and name a cure. (After a fork, the
# copies of an open file share one thing that lives in the operating system: the position at which the next read
# happens.)
#
# ### BEGIN SOLUTION
# The file is opened before the workers are forked, so all copies of the dataset share one file position. Worker A seeks
# to its picture, then worker B seeks to another one before A reads: A reads B's bytes. Whether that happens is a matter
# of timing, hence different pictures in every run; with no workers nobody comes in between. Cure: open the file in the
# worker, when the first sample is asked for (or per sample), so that each process has its own position; or read with the
# position in one call, `os.pread`.
#
# *Rubric*: half a point for the shared position and the other worker's seek between seek and read. Half a point for a
# cure by which each process has its own open file, or no shared position is used. (A lock inside the dataset is no cure
# unless it is one that processes share.)
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Everything read in `__init__`.** It works until the data outgrow memory; and then each worker seems to copy it,
#   too, because Python writes into objects (their reference counts) even when it only reads them.
# - **A generator, a file, a database connection made with the dataset.** All of them are copied or shared by a fork.
#   Make them when they are first needed, in the worker.
# - **A stream that does not ask who is reading.** Every sample arrives $W$ times, and nothing crashes.
# - **Silence taken for the end.** A worker that has died sends nothing. Only the word `"end"` is an end.
# - **A copy of a pipe's other end kept open.** Then the death of a worker is never heard. That is what the two calls of
#   `close` in `start_worker` are for.
# - **CUDA in a worker.** A forked process cannot use a GPU that its parent has used. Workers make tensors on the CPU,
#   the training loop moves them.
# - **Too many workers.** Each costs memory and time to start. Find the knee, then stop.
# - **A lambda, or a class from a notebook, with spawned workers.** It cannot be pickled or imported there; see above.
#
# ## Scale it up
#
# The `gpu` profile writes MNIST as files, trains on 10,000 of its digits through your loader, and takes its steps on a
# GPU; `h100` takes 50,000 digits and larger batches. Before you run it, predict from the first two times of the lab and
# from the formula of the second experiment how many workers keep that step busy. Then look at the free cores: with PNG
# files the work is unpacking, not waiting, so $W$ processes need $W$ cores, and a free Colab machine has two. Packing the
# digits into shards is what professionals do at that point.
#
# In *nn-mnist* you will train a network with all care, and batches will simply be there when it wants them. Loading over
# several machines comes with the labs on distributed training.
#
# ## Exercises
#
# 1. [conceptual] Batches of 64 photographs take 0.9 s to make and a step takes 0.1 s, on a machine with four cores. How
#    many workers do you start if making means waiting, how many if it means computing, and what does an epoch of 100
#    batches take? *Success*: `epoch_seconds` with a tenth of these times agrees with your first number within 20 %.
# 2. [short-code] Write a `WeightedBatchSampler` that draws classes equally often however rare they are, and let
#    `Loader` take it as `batch_sampler`. *Success*: among 10,000 draws from labels that are zeros to 95 %, the classes
#    differ by less than 5 %.
# 3. [short-code] Give `ShardDataset` a shuffle buffer: keep 100 samples, yield a random one of them, put the next in its
#    place. *Success*: an epoch has every sample once, and the mean distance between a sample's places in two epochs is
#    above 50.
# 4. [short-code] Give `Loader` the option `in_order=False`: yield whatever arrives first, with
#    `multiprocessing.connection.wait`. *Success*: if one batch in eight takes ten times as long, an epoch with four
#    workers is faster, and the sorted samples are the same.
# 5. [extended] Keep the workers from epoch to epoch. *Success*: the process ids of two epochs are the same, batches equal
#    those of `DataLoader(..., persistent_workers=True)`, and no process is left when the loader is deleted.
# 6. [extended] Send tensors through `multiprocessing.shared_memory` and only names through the pipe. *Success*: at
#    least 1.5 times the samples per second for batches of 32 pictures of 3 by 224 by 224, and no segment left behind in
#    `/dev/shm`.
#
# ## References
#
# - A. Paszke et al. (2019). *PyTorch: an imperative style, high-performance deep learning library.* NeurIPS 32,
#   section 5.4, on processes and shared memory. <https://arxiv.org/abs/1912.01703>.
# - PyTorch, `torch.utils.data`: <https://docs.pytorch.org/docs/stable/data.html>. The sections on iterable-style
#   datasets and on randomness in multi-process loading say in short what you found out.
# - PyTorch's source, `torch/utils/data/dataloader.py`, the comment "Data Loader Multiprocessing Shutdown Logic": what
#   can go wrong when processes end, by those who met it.
# - T. Pärnamaa (2021). *Using PyTorch + NumPy? You're making a mistake.*
#   <https://tanelp.github.io/posts/a-bug-that-plagues-thousands-of-open-source-ml-projects/>. The copied generator in the
#   wild. PyTorch answered by seeding `np.random` in workers, <https://github.com/pytorch/pytorch/pull/56488>; a generator
#   in the dataset is still yours to mind.
# - I. Ofeidis, D. Kiedanski and L. Tassiulas (2022). *An overview of the data-loader landscape: comparative performance
#   analysis.* <https://arxiv.org/abs/2209.13705>.
# - A. Aizman, G. Maltby and T. Breuel (2019). *High performance I/O for large scale deep learning.* IEEE Big Data.
#   <https://arxiv.org/abs/2001.01858>. Shards, and why not little files.
# - M. Kerrisk (2010). *The Linux Programming Interface*, chapters 5.4 (shared file offsets), 24 (`fork`) and 44 (pipes).
#   No Starch Press.
# - The digits: E. Alpaydin and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning
#   Repository, <https://doi.org/10.24432/C50P49>.
