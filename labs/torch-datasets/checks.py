"""What proves the answers of the lab torch-datasets right.

PyTorch's own sampler and default_collate are the references. Whatever may hang is stopped by `references.bounded`, which leaves no
process. While a later task is checked, answers to earlier ones are replaced by those in given.py, so that a mistake costs one task.
Most of what a loader does is tried with threads in the place of worker processes; what only processes can do, with processes.
"""

import re
from collections import namedtuple
from contextlib import contextmanager

import numpy as np
import torch
from torch.utils.data import BatchSampler as TorchBatchSampler
from torch.utils.data import RandomSampler, SequentialSampler, default_collate

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_raises, expect_shape, given, load_given, task

references = load_given(__file__)

SECONDS = 6  # after which something hangs; the work itself takes a tenth of a second. Processes get five times as many

# ---------------------------------------------------------------- 1. a dataset

folder = task(
    "folder",
    hints=(
        "Take the name of the file, open it, make a tensor of its pixels, apply the transform if there is one, look up the class.",
        "np.array(image, dtype=np.float32) / 255 has the shape (height, width); [None] puts the axis of the gray channel in front. The "
        "class is the place of the subfolder's name, file.parent.name, in self.classes.",
        "`file = self.files[index]`; `with Image.open(file) as image: picture = torch.from_numpy(np.array(image, dtype=np.float32) / "
        "255)[None]`; `self.classes.index(file.parent.name)`",
    ),
)


def gray(rng, *shape):
    """Random pictures, 0 to 255."""
    return rng.integers(0, 256, shape).astype(np.uint8)


@contextmanager
def folder_of(student, groups):
    """The path of a folder with these pictures, where the learner's code runs."""
    path = beside(student, references.write_folder)({name: each.copy() for name, each in groups.items()})
    try:
        yield path
    finally:
        beside(student, references.remove)(path)


def pair(value, tried):
    """A sample as (picture, label), or a message."""
    if not isinstance(value, tuple | list) or len(value) != 2 or not isinstance(value[0], torch.Tensor):
        raise Wrong(tried=tried, got=describe(value), expected="a pair: picture (a tensor) and label", look="return picture, label")
    return value[0], value[1]


def integer(value, want, tried, look):
    """Whether `value` is the integer `want`; a tensor with one integer will do."""
    number = value.item() if isinstance(value, torch.Tensor | np.generic) and np.size(value) == 1 else value
    is_one = isinstance(number, int) and not isinstance(number, bool)
    expect(is_one and number == want, tried=tried, got=value if is_one else describe(value), expected=want, look=look)


@folder.property("a picture comes as float32 of shape (1, height, width), and its numbers lie between 0 and 1")
def picture_as_tensor(student, rng):
    for height, width in ((5, 7), (8, 8)):
        pixels = gray(rng, 2, height, width) // 2
        with folder_of(student, {"a": pixels}) as path:
            tried = f"the first of two pictures of {height} rows and {width} columns"
            x, _ = pair(student.FolderDataset(path)[0], tried)
        expect_shape(x, (1, height, width), tried=tried, look="the gray channel is the first axis: [None]")
        expect(x.dtype == torch.float32, tried=tried, got=x.dtype, expected="torch.float32", look="np.array(image, dtype=np.float32)")
        look = "pixels are 0 to 255; divide by 255, whatever is in this picture"
        expect_close(x, pixels[0][None] / 255.0, tried=tried, look=look, tol=1e-6)


@folder.property("the label is the place of the subfolder among the sorted names, not the name itself")
def label_is_the_place(student, rng):
    for names in (("ant", "bee", "cat"), ("3", "7", "8")):
        with folder_of(student, {name: gray(rng, 2, 4, 4) for name in names}) as path:
            dataset = student.FolderDataset(path)
            for index in range(6):
                tried = f"sample {index} of a folder with two pictures each of {', '.join(names)}"
                _, label = pair(dataset[index], tried)
                integer(label, index // 2, tried, "the place of the name among the sorted ones: self.classes.index(file.parent.name)")


@folder.property("a file is opened when its sample is asked for, each time")
def reads_when_asked(student, rng):
    before, after = gray(rng, 3, 4, 5), gray(rng, 4, 5)
    with folder_of(student, {"a": before}) as path:
        dataset = student.FolderDataset(path)
        first, _ = pair(dataset[1], "sample 1")
        beside(student, references.write_picture)(path, "a", 1, after)
        tried = "sample 1, read once before and once after its file was replaced"
        second, _ = pair(dataset[1], tried)
    expect_close(first, before[1][None] / 255.0, tried=tried + "; the first time", tol=1e-6)
    look = "is something kept from an earlier reading? With a cache memory fills up, epoch by epoch"
    expect_close(second, after[None] / 255.0, tried=tried + "; the second time", look=look, tol=1e-6)


@folder.property("the transform is applied to the picture, anew each time")
def transforms_anew(student, rng):
    pixels, seen = gray(rng, 2, 4, 5), []

    def transform(x):
        seen.append(tuple(x.shape))
        return x * 2 + len(seen)

    with folder_of(student, {"a": pixels}) as path:
        dataset = student.FolderDataset(path, transform)
        for times in (1, 2):
            tried = f"sample 0 with a transform that counts its calls, time {times}"
            x, label = pair(dataset[0], tried)
            look = "call self.transform with the finished tensor, every time, and return what it returns"
            expect(len(seen) == times, tried=tried, got=f"{len(seen)} calls so far", expected=f"{times}", look=look)
            expect(seen[-1] == (1, 4, 5), tried=tried, got=f"called with shape {seen[-1]}", expected="(1, 4, 5)", look=look)
            expect_close(x, pixels[0][None] / 255.0 * 2 + times, tried=tried, look=look, tol=1e-6)
            integer(label, 0, tried, "the label stays as it is")


@folder.property("len, negative indices and a for loop work: behind the last sample comes an IndexError")
def behaves_like_a_sequence(student, rng):
    pixels = gray(rng, 3, 4, 4)
    with folder_of(student, {"a": pixels[:2], "b": pixels[2:]}) as path:
        dataset = student.FolderDataset(path)
        expect(len(dataset) == 3, tried="len of 3 pictures", got=len(dataset), expected=3)
        x, label = pair(dataset[-1], "sample -1 of 3")
        expect_close(x, pixels[2][None] / 255.0, tried="sample -1 of 3", look="self.files[index] knows negative indices", tol=1e-6)
        integer(label, 1, "sample -1 of 3", "the class of the same file")
        look = "self.files[index] raises it by itself; a for loop over the dataset ends by it"
        expect_raises(lambda: dataset[3], IndexError, tried="sample 3 of 3", look=look)


# ---------------------------------------------------------------- 2. collation

collate = task(
    "collate",
    hints=(
        "Look at the first sample. Numbers and arrays become a tensor; containers are taken apart, and collate is called for the parts.",
        "For dictionaries: one call for each key, with the list of that key's values. For sequences: one call for each of zip(*samples), "
        "made a list. A named tuple is made again by type(first)(*parts).",
        "`{key: collate([each[key] for each in samples]) for key in first}`; "
        "`[collate(list(part)) for part in zip(*samples, strict=True)]`; `torch.tensor(samples, dtype=torch.float64)` for float",
    ),
)

Sample = namedtuple("Sample", "image label")
WHAT = "the batch"


def alike(got, want, tried, look, where=WHAT):
    """Compare two batches, container by container; the message says where they differ."""
    tried_here = tried if where == WHAT else f"{tried}; {where}"
    if isinstance(want, torch.Tensor):
        if not isinstance(got, torch.Tensor):
            raise Wrong(tried=tried_here, got=describe(got), expected=f"a tensor of shape {tuple(want.shape)}", look=look)
        expect_shape(got, tuple(want.shape), tried=tried_here, look=look)
        expect(got.dtype == want.dtype, tried=tried_here, got=got.dtype, expected=want.dtype, look=look)
        expect_close(got.to(torch.float64), want.to(torch.float64), tried=tried_here, look=look, tol=0)
    elif isinstance(want, dict):
        is_one = isinstance(got, dict) and list(got) == list(want)
        expect(is_one, tried=tried_here, got=describe(got), expected=f"a dictionary with the keys {list(want)}", look=look)
        for key in want:
            alike(got[key], want[key], tried, look, f"{where}[{key!r}]")
    elif hasattr(want, "_fields"):
        is_one = getattr(got, "_fields", None) == want._fields
        expect(is_one, tried=tried_here, got=describe(got), expected=f"a named tuple with the fields {want._fields}", look=look)
        for name in want._fields:
            alike(getattr(got, name), getattr(want, name), tried, look, f"{where}.{name}")
    elif isinstance(want, list | tuple) and want and not isinstance(want[0], str | bytes):
        is_one = type(got) is list and len(got) == len(want)
        expect(is_one, tried=tried_here, got=describe(got), expected=f"a list of {len(want)} parts", look=look)
        for number, each in enumerate(want):
            alike(got[number], each, tried, look, f"{where}[{number}]")
    else:
        is_one = isinstance(got, list | tuple) and list(got) == list(want)  # torch's own is a tuple inside of sequences
        expect(is_one, tried=tried_here, got=describe(got), expected=f"{list(want)}", look=look)


def expect_collated(student, samples, tried, look):
    """Whether the learner's batch is torch's."""
    try:
        got = student.collate(list(samples))
    except NotImplementedError:
        raise
    except Exception as error:
        raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected="a batch", look=look) from error
    alike(got, default_collate(list(samples)), tried, look)


def normal(rng, *shape, dtype=torch.float32):
    """Standard normal numbers."""
    return torch.from_numpy(rng.standard_normal(shape)).to(dtype)


@collate.property("tensors and arrays are stacked along a new first axis, in their dtype")
def stacks(student, rng):
    look = "torch.stack makes a new axis; torch.cat joins along one that is there. The dtype stays"
    for n in (3, 1):
        expect_collated(student, [normal(rng, 2, 4) for _ in range(n)], f"{n} tensors of shape (2, 4)", look)
    expect_collated(student, [torch.tensor([i, 5]) for i in range(3)], "3 tensors of int64", look)
    for kind in (np.float32, np.float64, np.int64, np.uint8):
        samples = [rng.integers(0, 9, (3, 2)).astype(kind) for _ in range(4)]
        expect_collated(student, samples, f"4 NumPy arrays of {kind.__name__}, shape (3, 2)", look)


@collate.property("plain numbers become bool, int64 and float64")
def numbers(student, rng):
    look = "bool stays bool, int becomes int64, float becomes float64 (torch.tensor alone would make float32)"
    expect_collated(student, [int(each) for each in rng.integers(-9, 9, 4)], "4 int", look)
    expect_collated(student, [float(each) for each in rng.standard_normal(3)], "3 float", look)
    expect_collated(student, [True, False, False], "3 bool", look)


@collate.property("NumPy's numbers keep their dtype")
def numpy_numbers(student, rng):
    look = "np.float64 is a float for isinstance, np.float32 is not: ask for np.number and np.bool_ first"
    for kind in (np.float32, np.float64, np.int32, np.bool_):
        expect_collated(student, [kind(each) for each in rng.integers(0, 2, 3)], f"3 numbers of type np.{kind.__name__}", look)


@collate.property("text and bytes stay a list")
def texts(student, rng):
    look = "return the list of samples; a string is a sequence of letters too, so ask for str before you ask for sequences"
    for samples in (["four", "nine", "two"], ["abc", "abd"], [b"ab", b"cd"]):
        expect_collated(student, samples, f"the samples {samples}", look)


@collate.property("pairs become a list: all first parts, all second parts")
def pairs(student, rng):
    look = "zip(*samples) gives all first parts, then all second parts: each of them is a list to collate"
    expect_collated(student, [(normal(rng, 1, 3, 3), i) for i in range(4)], "4 pairs (tensor, int)", look)
    expect_collated(student, [[1, "a", 0.5], [2, "b", 1.5]], "2 lists [int, str, float]", look)
    expect_collated(student, [(3, 0.5)], "a single pair (int, float)", look)


@collate.property("dictionaries stay dictionaries, named tuples named tuples")
def keeps_containers(student, rng):
    samples = [{"image": normal(rng, 2, 2), "label": i, "name": f"n{i}"} for i in range(3)]
    expect_collated(student, samples, "3 dictionaries", "one collated value for each key of the first sample")
    look = "a named tuple is a tuple with _fields: type(first)(*parts) makes one"
    expect_collated(student, [Sample(normal(rng, 2), i) for i in range(3)], "3 named tuples", look)


@collate.property("containers in containers work, to any depth")
def nests(student, rng):
    samples = [{"x": (normal(rng, 2), {"a": i, "b": [0.5 * i, f"{i}"]}), "y": Sample(np.float32(i), (i, [i, -i]))} for i in range(3)]
    look = "call collate for each part, so that the same rules hold inside"
    expect_collated(student, samples, "3 dictionaries that hold tuples, dictionaries, named tuples and lists", look)


@collate.property("samples that do not fit together are an error")
def refuses(student, rng):
    look = "zip(*samples, strict=True) raises ValueError by itself; plain zip cuts the longer ones off"
    kinds = (ValueError, RuntimeError)
    expect_raises(lambda: student.collate([(1, 2), (3, 4, 5)]), kinds, tried="a pair and a triple", look=look)
    look = "end with raise TypeError(...), so that an unknown kind is not passed on by accident"
    expect_raises(lambda: student.collate([{1, 2}, {3}]), TypeError, tried="two sets, a kind that no rule covers", look=look)


@collate.property("a batch shares no memory with its samples, and the samples stay as they are")
def owns_its_memory(student, rng):
    for samples in ([normal(rng, 3)], [np.arange(3.0)], [normal(rng, 3), normal(rng, 3)]):
        before = [np.array(each) for each in samples]
        batch = student.collate(list(samples))
        alike(batch, default_collate(list(samples)), f"a list with {len(samples)} of them", "torch.stack")
        batch.zero_()
        expect_close(
            np.stack([np.array(each) for each in samples]),
            np.stack(before),
            tried=f"writing zeros into a batch of {len(samples)}, then looking at the samples",
            look="unsqueeze, reshape and from_numpy are views; torch.stack copies",
        )


# ---------------------------------------------------------------- 3. samplers

sampler = task(
    "sampler",
    hints=(
        "Make the order of the whole epoch first, 0 ... n-1 or a random permutation, then cut it into pieces.",
        "order[first : first + batch_size] for first = 0, batch_size, 2 batch_size, ...; the last piece may be short: yield it unless "
        "drop_last. Without a generator: a new torch.Generator in each epoch, its seed drawn from the global one.",
        "`generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))`; `order = torch.randperm(self.n, "
        "generator=generator).tolist()`; `for first in range(0, self.n, self.batch_size):`; after the loop, if shuffled, one more randperm",
    ),
)


def batches_of(student, made, tried):
    """The learner's batches as lists of ints, or a message."""
    batches = beside(student, references.listed)(made)
    for batch in batches:
        plain = type(batch) is list and all(type(index) is int for index in batch)
        got = f"{batch!r:.60}" if isinstance(batch, list | tuple) else describe(batch)
        look = "tolist() turns a tensor of indices into a list of plain integers; each batch needs a list of its own"
        expect(plain, tried=tried, got=f"a batch {got}", expected="a list of int", look=look)
    return batches


def same_batches(got, want, tried, look):
    """Whether two lists of batches are equal; the message says where they are not."""
    if len(got) > 1 and all(each == got[0] for each in got):
        look = "all batches are one and the same list, filled again and again: each batch needs a list of its own"
    for number in range(max(len(got), len(want))):
        mine, theirs = (each[number] if number < len(each) else "no batch" for each in (got, want))
        expect(mine == theirs, tried=f"{tried}; batch {number}", got=mine, expected=theirs, look=look)


def torchs(n, size, drop_last=False, generator=None, shuffle=True):
    """The same from torch."""
    inner = RandomSampler(range(n), generator=generator) if shuffle else SequentialSampler(range(n))
    return TorchBatchSampler(inner, size, drop_last)


@sampler.property("without shuffle the indices come in order, the last batch as short as it must be")
def in_order(student, rng):
    for n, size in ((10, 4), (12, 4), (3, 8), (5, 1)):
        tried = f"BatchSampler({n}, {size})"
        got = batches_of(student, student.BatchSampler(n, size), tried)
        look = "no batch may be empty, and the short one at the end belongs to the epoch"
        same_batches(got, list(torchs(n, size, shuffle=False)), tried, look)


@sampler.property("drop_last leaves out the last batch if it is short, and only then")
def drops_last(student, rng):
    for n, size in ((10, 4), (12, 4), (3, 8)):
        for shuffle in (False, True):
            tried = f"BatchSampler({n}, {size}, drop_last=True, shuffle={shuffle}); the sizes of the batches"
            got = [len(each) for each in batches_of(student, student.BatchSampler(n, size, shuffle=shuffle, drop_last=True), tried)]
            look = "a full last batch stays"
            expect(got == [size] * (n // size), tried=tried, got=got, expected=[size] * (n // size), look=look)


@sampler.property("a shuffled epoch has every index exactly once, and the next one has another order")
def every_index_once(student, rng):
    n = int(rng.integers(40, 60))
    for generator in (None, torch.Generator().manual_seed(int(rng.integers(2**31)))):
        tried = f"two epochs of BatchSampler({n}, 7, shuffle=True), {'no' if generator is None else 'with a'} generator"
        made, epochs = student.BatchSampler(n, 7, shuffle=True, generator=generator), []
        for _ in range(2):
            epochs.append([index for batch in batches_of(student, made, tried) for index in batch])
            doubled = len(epochs[-1]) - len(set(epochs[-1]))
            missing = len(set(range(n)) - set(epochs[-1]))
            look = "torch.randperm draws without putting back. Does each batch get a list of its own?"
            got = f"{doubled} doubled, {missing} missing"
            expect(sorted(epochs[-1]) == list(range(n)), tried=tried, got=got, expected="each index once", look=look)
        look = "draw the order in __iter__, from a generator that moves on"
        expect(epochs[0] != epochs[1], tried=tried, got="the same order twice", expected="two orders", look=look)


@sampler.property("from a generator in the same state it draws torch's batches, epoch after epoch")
def same_as_torch(student, rng):
    for n, size in ((23, 5), (40, 8)):
        seed = int(rng.integers(2**31))
        made = student.BatchSampler(n, size, shuffle=True, generator=torch.Generator().manual_seed(seed))
        peer = torchs(n, size, generator=torch.Generator().manual_seed(seed))
        for epoch in (1, 2, 3):
            tried = f"BatchSampler({n}, {size}, shuffle=True, generator=...), epoch {epoch}"
            got, want = batches_of(student, made, tried), list(peer)
            look = "torch.randperm(n, generator=self.generator), and nothing else drawn before it"
            if epoch > 1:
                look = "in the first epoch all was well: torch draws one more permutation when an epoch is over"
            same_batches(got, want, tried, look)


@sampler.property("without a generator, torch's global seed decides, as it does for torch's batches")
def follows_the_global_seed(student, rng):
    n, seed = 23, int(rng.integers(2**31))
    tried = f"torch.manual_seed, then an epoch of BatchSampler({n}, 5, shuffle=True), then the next epoch"
    made = student.BatchSampler(n, 5, shuffle=True)
    got = beside(student, references.listed_after)(made, seed), batches_of(student, made, tried)
    torch.manual_seed(seed)
    peer = torchs(n, 5)
    want = list(peer), list(peer)
    look = "one draw from the global generator in each epoch: the seed of a new generator, which then draws the order"
    for mine, theirs in zip(got, want, strict=True):
        same_batches(mine, theirs, tried, look)


@sampler.property("len says how many batches there will be")
def length(student, rng):
    for n, size, drop in ((10, 4, False), (10, 4, True), (12, 4, False), (12, 4, True)):
        tried = f"len(BatchSampler({n}, {size}, drop_last={drop}))"
        made = student.BatchSampler(n, size, drop_last=drop)
        count = len(batches_of(student, made, tried))
        expect(len(made) == count == len(torchs(n, size, drop)), tried=tried, got=f"{len(made)}, and {count} batches", expected="the same")


# ---------------------------------------------------------------- 4. a stream

shards = task(
    "shards",
    hints=(
        "Ask who is reading; choose the files; go through them one by one; yield pair after pair.",
        "worker_info() is None outside of workers: then all files. Else self.files[info.id :: info.num_workers]. A shard's pictures are "
        "uint8 (n, height, width); one sample is float32 (1, height, width).",
        "`for file in files:`, `with np.load(file) as shard: pixels, labels = shard['pictures'], shard['labels']`, then `for picture, "
        "label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist())`, `yield picture[None], label`",
    ),
)


@contextmanager
def shards_of(student, rng, sizes):
    """Files of so many samples each, where the learner's code runs, and all pictures. Label k belongs to the k-th sample."""
    pixels, groups, first = gray(rng, sum(sizes), 3, 4), [], 0
    for size in sizes:
        groups.append((pixels[first : first + size].copy(), np.arange(first, first + size)))
        first += size
    files = beside(student, references.write_shards)(groups)
    try:
        yield files, pixels
    finally:
        beside(student, references.remove)(files[0].rpartition("/")[0])


def read_by(student, files, number=None, count=0):
    """What the stream gives to worker `number` of `count`, or without workers: pairs."""
    if number is None:
        try:
            return beside(student, references.listed)(student.ShardDataset(files))
        except AttributeError as error:
            if "NoneType" not in str(error):
                raise
            look = "outside of workers worker_info() is None, which has no id: then all files are to be read"
            raise Wrong(tried="three shards, no workers", got=f"AttributeError: {error}", expected="all samples", look=look) from error
    with given(student, worker_info=beside(student, references.Told)(number, count)):
        return beside(student, references.listed)(student.ShardDataset(files))


def labels_of(samples, tried):
    """The labels of a list of samples."""
    return [int(pair(each, tried)[1]) for each in samples]


@shards.property("outside of workers it gives every sample of every shard, in order")
def alone(student, rng):
    tried = "three shards of 4, 1 and 3 samples, no workers"
    with shards_of(student, rng, (4, 1, 3)) as (files, pixels):
        samples = read_by(student, files)
    got = labels_of(samples, tried)
    look = "worker_info() is None here: then all files, one after the other"
    expect(got == list(range(8)), tried=tried, got=f"labels {got}", expected=f"labels {list(range(8))}", look=look)
    for number, (x, label) in enumerate(samples):
        expect_shape(x, (1, 3, 4), tried=f"{tried}; sample {number}", look="the gray channel is the first axis: [None]")
        expect(x.dtype == torch.float32, tried=tried, got=x.dtype, expected="torch.float32", look=".float(), then divide by 255")
        expect_close(x, pixels[number][None] / 255.0, tried=f"{tried}; sample {number}", look="uint8 / 255", tol=1e-6)
        integer(label, number, f"{tried}; sample {number}", "a plain int: labels.tolist()")


@shards.property("all workers together give every sample exactly once")
def shared_exactly(student, rng):
    for sizes, count in (((3, 2, 4, 1, 2), 2), ((2, 2, 1, 3), 3), ((3, 3), 1)):
        with shards_of(student, rng, sizes) as (files, _):
            tried = f"{len(sizes)} shards read by {count} workers"
            got = [label for number in range(count) for label in labels_of(read_by(student, files, number, count), tried)]
        doubled, missing = len(got) - len(set(got)), sum(sizes) - len(set(got))
        look = "worker w of W reads the shards w, w + W, w + 2 W, ...: a slice with a step"
        if doubled and not missing:
            look = "every worker has a copy of the dataset: it must ask worker_info() which part is its own"
        expect(not doubled and not missing, tried=tried, got=f"{doubled} doubled, {missing} missing", expected="each once", look=look)


@shards.property("worker w of W gets the shards w, w + W, w + 2 W, ..., in this order")
def deals_shards(student, rng):
    sizes, starts = (2, 1, 3, 1, 2), (0, 2, 3, 6, 7, 9)
    with shards_of(student, rng, sizes) as (files, _):
        for number in range(2):
            tried = f"five shards of {sizes} samples, worker {number} of 2"
            got = labels_of(read_by(student, files, number, 2), tried)
            want = [label for shard in range(number, 5, 2) for label in range(starts[shard], starts[shard + 1])]
            look = "deal the shards like cards, whole: files[info.id :: info.num_workers]"
            expect(got == want, tried=tried, got=f"samples {got}", expected=f"samples {want}", look=look)


@shards.property("with more workers than shards, some get nothing")
def more_workers_than_shards(student, rng):
    with shards_of(student, rng, (2, 2)) as (files, _):
        for number, want in ((1, [2, 3]), (2, []), (4, [])):
            tried = f"two shards, worker {number} of 5"
            got = labels_of(read_by(student, files, number, 5), tried)
            look = "worker w reads the shards w, w + W, ...; where there is no shard w, nothing: an empty slice is no error"
            expect(got == want, tried=tried, got=f"samples {got}", expected=f"samples {want}", look=look)


@shards.property("a shard is opened when its turn comes, and those of other workers never")
def opens_late(student, rng):
    with shards_of(student, rng, (2, 2, 2)) as (files, _):
        beside(student, references.remove)(files[2])
        tried = "three shards, the last of which is missing; the first sample only"
        look = "open a file inside of the loop over files, and yield at once; do not load everything first"
        try:
            _, label = pair(beside(student, references.first_of)(student.ShardDataset(files)), tried)
            integer(label, 0, tried, look)
            tried = "three shards, the last of which is missing; worker 1 of 2, who has no business with it"
            got = labels_of(read_by(student, files, 1, 2), tried)
        except FileNotFoundError as error:
            raise Wrong(tried=tried, got="FileNotFoundError", expected="a sample", look=look) from error
        expect(got == [2, 3], tried=tried, got=f"samples {got}", expected="samples [2, 3]", look=look)


@shards.property("each iteration starts from the beginning, and applies the transform")
def starts_again(student, rng):
    with shards_of(student, rng, (2, 1)) as (files, pixels):
        read_by(student, files)
        dataset = student.ShardDataset(files, lambda x: 1 - x)
        for times in (1, 2):
            tried = f"two shards with the transform x -> 1 - x, iteration {times}"
            samples = beside(student, references.listed)(dataset)
            got = labels_of(samples, tried)
            look = "make everything in __iter__; what is kept in self is used up by the first epoch"
            expect(got == [0, 1, 2], tried=tried, got=f"labels {got}", expected="labels [0, 1, 2]", look=look)
            for x, want in zip((x for x, _ in samples), pixels, strict=True):
                expect_close(x, 1 - want[None] / 255.0, tried=tried, look="self.transform of the finished tensor", tol=1e-6)


# ---------------------------------------------------------------- 5. a worker

work = task(
    "work",
    hints=(
        "Tell the process who it is, seed the generators, get the source; then receive, fetch, collate, send, until receive gives None.",
        "source = source_of(dataset), once; samples = fetch(source, request). No samples: ('end', None). An exception: ('error', "
        "traceback.format_exc()), and on with the next request. Else ('batch', collate_fn(samples)).",
        "`while (request := receive(pipe)) is not None:`, `try:`, `samples = fetch(source, request)`, `answer = ('batch', "
        "collate_fn(samples)) if samples else ('end', None)`, `except Exception:`, then `send(pipe, answer)`",
    ),
)


def run(student, scenario, *args, tried, look="", processes=False, **named):
    """What scenario(*args, **named) returns where the learner's code lives, or a message if it takes too long."""
    seconds = SECONDS * 5 if processes else SECONDS
    outcome = beside(student, references.bounded)(scenario, seconds, *args, **named)
    got = f"nothing after {seconds} s; it was stopped"
    expect("late" not in outcome, tried=tried, got=got, expected="an end", look=look)
    return outcome["value"]


ENDLESS = "what is waited for here that never comes? After `None` from receive nothing comes any more: leave the loop"


def answers(student, *cases, tried, stock=True):
    """The learner's answers in each case (dataset, requests, (id, num_workers, seed)): pairs of a word and a content."""
    collating = beside(student, references.collate)
    asked = [(dataset, collating, student.WorkerInfo(*info), requests) for dataset, requests, info in cases]
    try:
        told = run(student, references.served, student.work, asked, student.set_worker_info, tried=tried, look=ENDLESS)
    except ValueError as error:
        if stock:  # nothing in it raises one
            raise
        look = "an exception of the dataset or of collate_fn is an answer, not the worker's end: try ... except Exception around both"
        raise Wrong(tried=tried, got=f"ValueError: {error}, which ended the worker", expected="an answer", look=look) from error
    look = "send a pair: a word ('batch', 'end' or 'error') and a content, one for each request"
    for got, (_, requests, _) in zip(told, cases, strict=True):
        for each in got:
            is_one = isinstance(each, tuple | list) and len(each) == 2 and isinstance(each[0], str)
            expect(is_one, tried=tried, got=f"an answer {describe(each)}", expected="a pair (word, content)", look=look)
        if stock:
            expect(len(got) == len(requests), tried=tried, got=f"{len(got)} answers", expected=f"{len(requests)}, one a request", look=look)
    return [[tuple(each) for each in got] for got in told]


INFO = (0, 1, 7)


def plain(value):
    """A tensor as a list; anything else as it is."""
    return value.tolist() if isinstance(value, torch.Tensor) else value


@work.property("when the pipe is closed, the worker ends by itself")
def ends_with_the_pipe(student, rng):
    tried = "a dataset of 20 numbers, and a pipe that is closed without any request"
    (got,) = answers(student, (beside(student, references.Numbers)(20), [], INFO), tried=tried)
    expect(got == [], tried=tried, got=f"{len(got)} answers", expected="none", look="one answer for each request, and nothing else")


@work.property("each request is answered in turn by a collated batch", after="ends_with_the_pipe")
def answers_in_turn(student, rng):
    requests = [[int(each) for each in rng.integers(0, 20, size)] for size in (3, 1, 4)]
    tried = f"the numbers 0 to 19 as a dataset, the requests {requests}, then the pipe is closed"
    (got,) = answers(student, (beside(student, references.Numbers)(20), requests, INFO), tried=tried)
    for request, (word, content) in zip(requests, got, strict=True):
        shown = content if word == "error" else describe(content)
        is_batch = word == "batch" and isinstance(content, torch.Tensor)
        expect(is_batch, tried=tried, got=f"{word!r}, {shown}"[-300:], expected="'batch', a tensor", look="collate_fn(samples)")
        expect(content.tolist() == request, tried=tried, got=content.tolist(), expected=request, look="fetch(source, request)")


@work.property("a stream goes on from request to request, and its end is told", after="ends_with_the_pipe")
def streams(student, rng):
    tried = "a stream of 0 ... 9, the requests 4, 4, 4, 4"
    (got,) = answers(student, (beside(student, references.Stream)([10]), [4, 4, 4, 4], INFO), tried=tried)
    shown = [(word, plain(content)) for word, content in got]
    want = [("batch", [0, 1, 2, 3]), ("batch", [4, 5, 6, 7]), ("batch", [8, 9]), ("end", None)]
    look = "source_of(dataset) once, before the loop: a new iterator starts again. Nothing fetched: ('end', None)"
    expect(shown == want, tried=tried, got=f"{shown}"[:300], expected=want, look=look)


@work.property("an exception is answered with its traceback, and the next request as usual", after="ends_with_the_pipe")
def tells_of_errors(student, rng):
    tried = "a dataset whose sample 5 raises ValueError('picture 5 is broken'), the requests [4, 5] and [6]"
    (got,) = answers(student, (beside(student, references.Fragile)(9, 5), [[4, 5], [6]], INFO), tried=tried, stock=False)
    look = "try ... except Exception around fetching and collating, inside of the loop"
    expect(len(got) == 2, tried=tried, got=f"{len(got)} answers", expected="2: the worker goes on after an error", look=look)
    (word, text), (after, content) = got
    expect(word == "error" and isinstance(text, str), tried=tried, got=f"{word!r}, {describe(text)}", expected="'error', a text", look=look)
    for part in ("Traceback", "ValueError", "picture 5 is broken", "__getitem__"):
        look = "str(error) says what, but not where: traceback.format_exc() has it all"
        expect(part in text, tried=tried, got=f"a text without '{part}': {text[:200]!r}", expected="the whole traceback", look=look)
    look = "after an error the next request is answered as usual: collate_fn(samples)"
    good = after == "batch" and isinstance(content, torch.Tensor) and content.tolist() == [6]
    expect(good, tried=tried, got=f"then {after!r}", expected="then 'batch' with the number 6", look=look)


@work.property("what collate_fn raises is answered, too", after="ends_with_the_pipe")
def tells_of_bad_batches(student, rng):
    tried = "a dataset whose samples are pairs, then triples; the request [0, 1], which cannot be collated, then [0]"
    (got,) = answers(student, ([(1, 2), (1, 2, 3)], [[0, 1], [0]], INFO), tried=tried, stock=False)
    words = [word for word, _ in got]
    look = "collate_fn belongs into the try, too; then the next request is answered as usual"
    expect(words == ["error", "batch"], tried=tried, got=words, expected="error, batch", look=look)


@work.property("random, np.random and torch start from the worker's seed", after="ends_with_the_pipe")
def seeds_generators(student, rng):
    seed = int(rng.integers(2**62)) | 1 << 32
    tried = "a dataset that draws from all three generators, in workers with the seeds s, s again and s + 64"
    dataset, rows = beside(student, references.Draws)(4), []
    for (_, content), *_ in answers(student, *((dataset, [[0, 1]], (0, 2, each)) for each in (seed, seed, seed + 64)), tried=tried):
        expect(isinstance(content, list) and len(content) == 4, tried=tried, got=describe(content), expected="a batch", look="collate_fn")
        rows.append(torch.stack(content[:3]).numpy())
    first, again, other = rows
    for name, a, b, c in zip(("random", "np.random", "torch"), first, again, other, strict=True):
        look = f"seed {name} with info.seed before the loop"
        expect(np.array_equal(a, b), tried=f"{tried}; {name}", got="other numbers for the same seed", expected="the same", look=look)
        look = f"after a fork {name} has the same state in all workers; seed it with info.seed, which is another one in each"
        expect((a != c).all(), tried=f"{tried}; {name}", got="the same numbers for s and s + 64", expected="others", look=look)
    generator = torch.Generator().manual_seed(seed)
    want = torch.rand(2, generator=generator, dtype=torch.float64)
    expect_close(first[2], want, tried=f"{tried}; torch", look="torch.manual_seed(info.seed), exactly as PyTorch's workers do")


@work.property("datasets and streams can ask who is reading", after="ends_with_the_pipe")
def tells_who(student, rng):
    tried = "a dataset that calls worker_info(), in worker 2 of 5 with seed 11"
    dataset = beside(student, references.Asking)(4, student.worker_info)
    (((_, content),),) = answers(student, (dataset, [[0]], (2, 5, 11)), tried=tried)
    got = [plain(each) for each in content] if isinstance(content, list) else content
    look = "set_worker_info(info), first of all"
    expect(got == [[2], [5], [11]], tried=tried, got=f"(id, num_workers, seed) = {got}", expected="2, 5, 11", look=look)
    tried = "a stream that asks, and draws numbers, when its iterator is made; workers with seeds 11 and 11"
    stream = beside(student, references.AskingStream)(student.worker_info)
    told = answers(student, (stream, [6], (2, 5, 11)), (stream, [6], (2, 5, 11)), tried=tried)
    rows = [plain(content) for ((_, content),) in told]
    look = "iter(dataset) already runs code of the dataset: set_worker_info and the three seeds come before source_of"
    expect(rows[0][:3] == [2.0] * 3, tried=tried, got=f"worker {rows[0][:1]}", expected="worker [2.0]", look=look)
    expect(rows[0][3:] == rows[1][3:], tried=tried, got="different numbers", expected="the same numbers for the same seed", look=look)


# ---------------------------------------------------------------- 6. around the workers

loader = task(
    "loader",
    hints=(
        "Start the workers, deal out prefetch rounds of requests, then take the answers in the order in which the requests were dealt.",
        "A deque of the workers that owe an answer. In the loop: popleft, poll(loader.timeout), receive. A batch: give this worker its "
        "next request (and append it to the deque), then yield. An end: nothing to do. All else: WorkerError.",
        "`for worker in workers * loader.prefetch:` ask(worker), where ask takes next(requests, None), sends it and appends the worker; "
        "`while owing: worker = owing.popleft() ...`; everything in `try: ... finally: stop_workers(workers)`",
    ),
)


@contextmanager
def chain(student, threads=True):
    """A context in which all but `parallel` is ours; gives the learner's Loader and, with threads, who starts them."""
    others = {"collate": references.collate, "BatchSampler": references.BatchSampler, "work": references.work}
    hiring = beside(student, references.Hiring)(student.Worker, student.WorkerInfo)
    with given(student, **others, **({"start_worker": hiring} if threads else {})):
        yield student.Loader, hiring


def one_epoch(student, dataset, tried, look="", threads=True, **named):
    """What references.epoch tells of an epoch."""
    with chain(student, threads) as (Loader, _):
        return run(student, references.epoch, Loader, dataset, tried=tried, look=look, processes=not threads, **named)


HANGS = "is an answer waited for that nobody owes, or a request never sent? poll(loader.timeout) ends any wait"


def no_error(told, tried):
    """An epoch in which nothing goes wrong raises nothing."""
    error = told["error"]
    got = "" if error is None else f"{error[0]}: {error[1]}"[-300:]
    expect(error is None, tried=tried, got=got, expected="an epoch without errors", look=HANGS)


@loader.property("every batch arrives exactly once and in order, however fast each worker is")
def all_in_order(student, rng):
    cases, asked = [], ((21, 4, 2, 2), (2, 1, 3, 1), (0, 4, 1, 2))
    with chain(student) as (Loader, _):
        for n, size, workers, ahead in asked:
            dataset = beside(student, references.Numbers)(n, size)
            cases.append((dataset, {"batch_size": size, "num_workers": workers, "prefetch": ahead, "timeout": 4}))
        tried = "loaders with 1 to 3 workers; every other batch is slow"
        told = run(student, references.epochs, Loader, cases, tried=tried, look=HANGS)
    for (n, size, workers, ahead), each in zip(asked, told, strict=True):
        tried = f"{n} samples in batches of {size}, {workers} workers, prefetch={ahead}; every other batch is slow"
        no_error(each, tried)
        want = [list(range(first, min(first + size, n))) for first in range(0, n, size)]
        got = each["batches"]
        look = "deal the requests in turn, and take the answers in the order of the requests, not of their arrival"
        if sorted(got) != sorted(want):
            look = "each request must be sent once, to one worker, and each answer taken once, until nobody owes one"
        expect(got == want, tried=tried, got=got, expected=want, look=look)


@loader.property("batch k is made by worker k mod W, in a process of its own, with the seed base_seed + k mod W")
def other_processes(student, rng):
    seed, n, tried = int(rng.integers(2**31)), 7, "7 batches of one sample with two workers; who made each batch, and from what seed"
    dataset = beside(student, references.Draws)(n)
    told = one_epoch(student, dataset, tried, HANGS, threads=False, batch_size=1, num_workers=2, seed=seed, timeout=20)
    no_error(told, tried)
    batches = told["batches"]
    expect(len(batches) == n, tried=tried, got=f"{len(batches)} batches", expected=f"{n}")
    makers = [int(batch[3][0]) for batch in batches]
    look = "start_worker(loader, number, base_seed) for number = 0 ... W-1, and deal the requests in turn"
    expect(told["process"] not in makers, tried=tried, got="batches made in your own process", expected="in the workers", look=look)
    names = {maker: f"w{place}" for place, maker in enumerate(dict.fromkeys(makers))}
    got = [names[maker] for maker in makers]
    expect(got == ["w0", "w1"] * 3 + ["w0"], tried=tried, got=got, expected="w0, w1, w0, w1, ...", look=look)
    base = int(torch.empty((), dtype=torch.int64).random_(generator=torch.Generator().manual_seed(seed)))
    for number in range(2):
        want = torch.rand(len(batches[number::2]), generator=torch.Generator().manual_seed(base + number), dtype=torch.float64)
        look = f"worker {number} has another seed; hand base_seed on to start_worker as it is, and number the workers from 0"
        expect_close([batch[2][0] for batch in batches[number::2]], want, tried=tried + "; torch's numbers", look=look)


@loader.property("workers make `prefetch` batches each in advance, and not more")
def prefetches(student, rng):
    for workers, ahead, size in ((2, 3, 2), (1, 1, 3)):
        tried = f"{workers} workers with prefetch={ahead} and batches of {size}; after the first batch, the samples read so far are counted"
        least, most = workers * ahead * size, (workers * ahead + 1) * size
        with chain(student) as (Loader, _):
            options = {"batch_size": size, "num_workers": workers, "prefetch": ahead, "timeout": 4}
            count = run(student, references.read_ahead, Loader, 60, most, tried=tried, look=HANGS, **options)
        look = "prefetch requests to each worker before the first answer is taken"
        if count > most:
            look = "all requests at once would fill the memory: one new request for each batch that is taken"
        expect(least <= count <= most, tried=tried, got=f"{count} samples", expected=f"{most} (or {least})", look=look)


def clip(text):
    """The beginning and the end of a long text."""
    return text if len(text) < 300 else f"{text[:100]} [...] {text[-180:]}"


def expect_failure(told, want, words, tried, look):
    """The batches before a failure arrived, and then came a WorkerError whose text holds the words (regular expressions)."""
    error = told["error"]
    got = f"{len(told['batches'])} batches and no error: the rest is lost in silence" if error is None else f"{error[0]}: {error[1]}"
    is_one = error is not None and error[0] == "WorkerError"
    expect(is_one, tried=tried, got=clip(got), expected="a WorkerError", look=look)
    for word, meaning in words.items():
        expect(re.search(word, error[1]), tried=tried, got=clip(f"WorkerError: {error[1]}"), expected=f"a text with {meaning}", look=look)
    look = "the answers before the failure are still good: take answers in order, and raise when it is the failed worker's turn"
    expect(told["batches"] == want, tried=tried, got=f"the batches {told['batches']}", expected=f"first the batches {want}", look=look)


def prefix(size, count):
    """The first batches of 0, 1, 2, ..."""
    return [list(range(first, first + size)) for first in range(0, size * count, size)]


NUMBERED = {r"(?i)worker\D{0,20}1\b": "the worker's number: worker 1"}


@loader.property("a worker's exception comes with its traceback, after the batches before it")
def passes_on_exceptions(student, rng):
    tried = "20 numbers in batches of 2, two workers; sample 7 raises ValueError('picture 7 is broken')"
    dataset = beside(student, references.Fragile)(20, 7)
    told = one_epoch(student, dataset, tried, HANGS, batch_size=2, num_workers=2, timeout=4)
    words = {"ValueError: picture 7 is broken": "the exception", "__getitem__": "the whole traceback", **NUMBERED}
    expect_failure(told, prefix(2, 3), words, tried, "if the word is 'error', raise WorkerError with the worker's number and the text")


LOST = "receive gives None when a worker has ended: raise WorkerError with its number and obituary(worker). None is not the end"


@loader.property("a worker that ends is reported with its exit code, and no batch before it is lost")
def reports_an_exit(student, rng):
    tried = "20 numbers in batches of 2, two workers; the process that reads sample 7 calls os._exit(3)"
    dataset = beside(student, references.Fragile)(20, 7, "exit")
    told = one_epoch(student, dataset, tried, LOST, threads=False, batch_size=2, num_workers=2, timeout=20)
    expect_failure(told, prefix(2, 3), {r"\b3\b": "the exit code, 3", **NUMBERED}, tried, LOST)


@loader.property("a worker that is killed while it waits is reported, too")
def reports_a_kill(student, rng):
    tried = "400 numbers in batches of 2, one worker, killed by a signal after the first batch"
    with chain(student, threads=False) as (Loader, _):
        options = {"batch_size": 2, "num_workers": 1, "timeout": 20}
        told = run(student, references.killed, Loader, 400, tried=tried, look=LOST, processes=True, **options)
    look = LOST + "; and send, unlike pipe.send, does not mind that nobody is there"
    expect_failure(told, prefix(2, len(told["batches"])), {"SIGKILL|-9": "the signal, SIGKILL"}, tried, look)


@loader.property("a worker that is stuck is reported after loader.timeout seconds")
def reports_a_stuck_one(student, rng):
    tried = "a sample that takes a minute, timeout=0.15"
    dataset = beside(student, references.Fragile)(4, 0, "sleep")
    look = "worker.pipe.poll(loader.timeout) before receive: it returns False if nothing came in that time"
    told = one_epoch(student, dataset, tried, look, batch_size=1, num_workers=1, timeout=0.15)
    expect_failure(told, [], {r"(?i)worker\D{0,20}0\b": "the worker's number: worker 0"}, tried, look)


@loader.property("streams of unequal length are read to the end of each, in turn")
def uneven_streams(student, rng):
    counts, tried = [5, 0, 2], "a stream that gives 5 numbers to worker 0, none to worker 1, and 2 to worker 2; batches of 1, prefetch=2"
    dataset = beside(student, references.Stream)(counts)
    told = one_epoch(student, dataset, tried, HANGS, batch_size=1, num_workers=3, timeout=4)
    no_error(told, tried)
    want = [[100 * worker + turn] for turn in range(5) for worker in range(3) if turn < counts[worker]]
    look = "at 'end', only this worker is done: ask it for nothing more, and go on with the others"
    expect(told["batches"] == want, tried=tried, got=told["batches"], expected=want, look=look)


@loader.property("no worker is left, whether an epoch ends, is given up, or fails")
def leaves_nobody(student, rng):
    tried = "three epochs with two workers each, and a count of the workers that are left"
    look = "try: ... finally: stop_workers(workers), around everything: giving up a generator runs its finally"
    with chain(student) as (Loader, hiring):
        left = run(student, references.left_over, Loader, hiring, tried=tried, look=look)
    for when, count in left.items():
        expect(count == 0, tried=f"an epoch {when}", got=f"{count} workers left", expected="none", look=look)
