# %% [markdown]
# # A digit classifier done properly
#
# In the lab *nn-micrograd* your network read about 97 % of the test digits. Suppose you put it on a web page, and
# people whom it has never met begin to draw. **Will it still read 97 %, and how would you know before they complain?**
# In this lab you build a digit classifier again, and this time the network is the smaller half of the work. The larger
# half is everything that makes its score believable: test digits that no training step has touched, a rule for when to
# stop, probabilities that mean what they say, intervals around every number, and a look at each mistake.

# %% [markdown]
# ## You will learn
#
# - to split data along the line that the future will draw, here between people, and to detect leaks across it;
# - to stop training at the right moment and to go back to the best weights;
# - to measure whether "90 % sure" is right nine times in ten, and to repair it with a single number, the temperature;
# - to compare two classifiers on the same examples, with an interval that knows which examples belong together;
# - to measure how much a score is flattered when the test set helps to choose;
# - to save a classifier so that another program can load it and knows what to expect of it.
#
# ## You need
#
# The lab *torch-regression*: modules, the cross-entropy, optimizers, a training loop, the `state_dict`. The lab
# *nn-perceptron* for the bootstrap interval and for paired comparisons. The page of this week tells why leaks flatter,
# what calibration is, and how sure a score can be. The classifier at the end has convolutional layers, which look at
# small windows of the picture; here you only use them, and in the lab *cnn-convolution* you will build them.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import copy
import difflib
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GroupShuffleSplit
from torch import nn
from torchmetrics.functional.classification import multiclass_calibration_error

import scratchlab
from scratchlab import plot

lab = scratchlab.start("nn-mnist", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: who wrote these digits?
#
# You know scikit-learn's digits well by now: 1,797 pictures of 8 by 8 pixels. Its description mentions in passing that
# they are the *test* half of a larger collection, and that 13 people wrote this half. Which digit is by whom was not
# kept. But look at the labels in the order in which they are stored.


# %%
# The rows at which the printed order of digits begins anew.
FORM_STARTS = (0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667)


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """scikit-learn's digits: pictures (1797, 8, 8), paper 0 and ink 1; labels 0 to 9, (1797,); form 0 to 13, (1797,)."""
    pixels, label = load_digits(return_X_y=True)
    form = np.searchsorted(FORM_STARTS, np.arange(len(label)), side="right") - 1
    return (pixels / 16).astype(np.float32).reshape(-1, 8, 8), label, form


# %%
pictures, label, form = digits()
texts = ["".join(map(str, label[form == each])) for each in np.unique(form)]
alike = [difflib.SequenceMatcher(None, texts[0], text, autojunk=False).ratio() for text in texts]
for each, (text, share) in enumerate(zip(texts, alike, strict=True)):
    print(f"form {each:2d}: {len(text)} digits, {share:.0%} in the order of form 0   {text[:30]} {text[30:60]} ...")
claim("every form repeats the order of the first one, but for a few digits", min(alike) > 0.95)

# %% [markdown]
# The same order of 130 digits, fourteen times, with a few digits lost here and there. This is what a *printed form*
# leaves behind: everybody copies the same digits into the same boxes, and one filled form is scanned after the other.
# (Fourteen forms for thirteen people: somebody may have filled two, or the description is off by one. We cannot know.
# So from here on we say *form*, and mean a person as far as anyone can tell.)
#
# Does it matter? Look at the same digit on different forms, one form a row. And ask of each digit: the picture of the
# *same* digit that is most like it, whose is it?

# %%
ROW_FORMS = (3, 5, 7, 11)
plot.images(
    np.concatenate([pictures[(form == each) & (label == 7)][:8] for each in ROW_FORMS]),
    caption="Sevens, eight from each of four forms, one form a row.",
    alt="Four rows of handwritten sevens; within a row the sevens look alike, and from row to row slant, bar and width change.",
)


# %%
def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between pictures or feature vectors, (n, ...) and (m, ...): shape (n, m)."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    return (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)


# %%
apart = distances(pictures, pictures)
apart[label[:, None] != label] = np.inf  # only pictures of the same digit
np.fill_diagonal(apart, np.inf)  # and not the picture itself
at_home = np.mean(form[apart.argmin(axis=1)] == form)
print(f"the most similar picture of the same digit is on the same form for {at_home:.0%} of the digits; by chance it would be {1 / 14:.0%}")
record("twin_on_own_form", at_home)
claim("a digit's nearest relative is on its own form at least five times as often as chance would have it", at_home > 5 / 14)

# %% [markdown]
# Handwriting is a fingerprint. Now recall how you split these digits so far: at random, digit by digit. Then nearly
# every test digit has a brother by the same hand among the training digits. The people on your web page have none.

# %% [markdown]
# ## 1. Split where the future splits
#
# A test set is a model of the future. What will be new there must be new in it, too. New *pictures by known people*: a
# random split is right. New *people*: then no person may stand on both sides. Formally, each row $i$ belongs to a group
# $g_i$, and for the parts $A$ and $B$ of the split
#
# $$\{g_i : i \in A\} \cap \{g_i : i \in B\} = \emptyset .$$
#
# So deal out whole groups, like cards. Mostly there are three parts: one to train on; one for *validation*, that is,
# for every choice on the way (when to stop, which model, which setting); and one for *testing*, that is, for the number
# that you report, and for nothing else.
#
# The names of the groups can be anything: numbers with gaps, or strings. And the rows of a group need not stand next to
# each other.
#
# **Predict**: a classifier that only looks up the nearest training picture read 98 to 99 % of the test digits when the
# digits were split at random. How many will it read on forms that it has never seen?
#
# **Write** `deal`. `np.unique` gives the names of the groups, `rng.permutation` shuffles them, `np.split` cuts an array
# at given places, and `np.isin(groups, chosen)` says of each row whether its group was chosen.


# %% solution="deal"
def deal(groups: np.ndarray, counts: Sequence[int], seed: int) -> list[np.ndarray]:
    """Deal whole groups into parts at random.

    groups: the name of each row's group, shape (n,). counts: how many groups each part gets; they add up to the number
    of different groups, else this raises ValueError. seed: for np.random.default_rng; the same seed, the same parts.
    Returns one array of row numbers for each part, in rising order.
    """
    ### BEGIN SOLUTION
    names = np.unique(groups)
    if sum(counts) != len(names):
        raise ValueError(f"the parts take {sum(counts)} groups, but there are {len(names)}")
    shuffled = np.random.default_rng(seed).permutation(names)
    return [np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(shuffled, np.cumsum(counts)[:-1])]
    ### END SOLUTION


# %%
ANIMALS = np.array(["cat", "ape", "cat", "dog", "ape", "eel"])
large, small = deal(ANIMALS, (3, 1), seed=0)
assert sorted([*large, *small]) == [0, 1, 2, 3, 4, 5]  # every row, once
assert len(set(ANIMALS[large])) == 3 and not set(ANIMALS[large]) & set(ANIMALS[small])
assert [len(part) for part in deal(np.arange(10), (7, 3), seed=0)] == [7, 3]  # each row a group of its own: an ordinary split

# %% check="deal" points=2
check("deal")

# %% [markdown]
# **See it.** The look-up classifier on twenty splits of each kind. The last example above is the trick: if every digit
# is a group of its own, `deal` splits at random, digit by digit. Both kinds get test sets of the same size.


# %%
def look_up(train: np.ndarray, train_label: np.ndarray, test: np.ndarray) -> np.ndarray:
    """For each test picture or feature vector the label of the nearest training one: shape (m,)."""
    return train_label[distances(test, train).argmin(axis=1)]


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def both_splits(seed: int) -> tuple[float, float]:
    """Test accuracy of looking up, 0 to 1: digits dealt one by one, and whole forms dealt."""
    by_form = deal(form, (12, 2), seed)
    one_by_one = deal(np.arange(len(label)), [len(part) for part in by_form], seed)
    found = [np.mean(look_up(pictures[train], label[train], pictures[test]) == label[test]) for train, test in (one_by_one, by_form)]
    return found[0], found[1]


# %%
split_scores = np.array([both_splits(seed) for seed in lab.seeds(lab.params["splits"])])  # (splits, 2)
gap = split_scores[:, 0] - split_scores[:, 1]
kinds = ("digits one by one", "whole forms")
ends = {kind: bootstrap_interval(column) for kind, column in zip(kinds, split_scores.T, strict=True)}
low, high = bootstrap_interval(gap)
for kind, column in zip(kinds, split_scores.T, strict=True):
    print(f"{kind:17s} mean {column.mean():.1%}, 95 % interval {ends[kind][0]:.1%} to {ends[kind][1]:.1%}, worst {column.min():.1%}")
print(f"difference        mean {gap.mean():.1%}, 95 % interval {low:.1%} to {high:.1%}")
with plot.figure(caption="Test accuracy of looking up the nearest picture: one point a split, and the mean of each kind.",
                 alt="Two columns of points; those for digits dealt one by one lie close together near 98.5, those for whole forms lower and far apart.",
                 width=4.8) as ax:  # fmt: skip
    for place, column in enumerate(split_scores.T):
        ax.plot(place + np.linspace(-0.12, 0.12, len(column)), 100 * column, "o", alpha=0.6)
        ax.hlines(100 * column.mean(), place - 0.25, place + 0.25, color=plot.NEUTRAL)
    ax.set(xticks=[0, 1], xticklabels=kinds, xlim=(-0.5, 1.5), ylabel="test accuracy in %")
record("split_gap", gap.mean())
claim("dealing digits one by one flatters the classifier: the 95 % interval of the difference lies above 0", low > 0)

# %% [markdown]
# Nothing about the classifier has changed, only the question. Compare the spread of the two columns as well: people
# differ from each other far more than random handfuls of digits do. Two forms are a small sample of humankind, even if
# they hold 260 digits. Keep that in mind for section 6.

# %% [markdown]
# ## 2. A detector for leaks
#
# Whatever lets the test set speak during training is a *leak*. Three kinds cover most of those that have been found in
# published work:
#
# - **Groups**: rows of one person, patient, song or street on both sides.
# - **Copies**: the very same picture on both sides. Often it comes from making more data (copies, small shifts)
#   *before* splitting.
# - **A preparation that peeks**: the mean and the spread for scaling, the choice of features, the filling of gaps, all
#   computed from everything, test rows included.
#
# The first two can be seen in the data. For the third you might read the code of the preparation, and overlook it.
# There is a better way, which needs no reading: **change the test pictures, and see whether the *training* features
# move.** A preparation that does not look at the test set cannot know that it was changed. The change must be a brutal
# one: if you only reorder the test pictures, a mean will not notice.
#
# In *torch-regression* you kept to the rule by hand: mean and deviation from the training split. Now you build the
# instrument that notices when somebody does not. A preparation is a function `prepare(X_train, X_test)` that returns
# both parts as features. That the *test* features change along with the test pictures is as it should be.
#
# **Predict**: scaling with the mean and the standard deviation of all digits instead of the training digits: how much
# will this leak improve the score?
#
# **Write** `find_leaks`. For the copies, `row.tobytes()` turns a picture into something that a `set` can hold, so that
# looking it up takes one step instead of a comparison with every training picture.


# %% solution="leaks"
def find_leaks(
    X_train: np.ndarray, X_test: np.ndarray, groups_train: np.ndarray, groups_test: np.ndarray, prepare: Callable
) -> dict[str, int | bool]:
    """What the training part knows of the test part.

    X_train (n, ...), X_test (m, ...): pictures of one dtype. groups_train (n,), groups_test (m,): names of the groups.
    prepare: a function of (X_train, X_test) that returns the features of both.
    Returns "copies": how many test pictures are also training pictures, equal in every number; "groups": how many test
    rows belong to a group that has training rows; "peeks": True if the training features depend on the test pictures.
    """
    ### BEGIN SOLUTION
    known = {picture.tobytes() for picture in X_train}
    features, _ = prepare(X_train, X_test)
    elsewhere = 1000.0 * np.random.default_rng(0).standard_normal(X_test.shape).astype(X_test.dtype)
    moved, _ = prepare(X_train, elsewhere)
    return {
        "copies": sum(picture.tobytes() in known for picture in X_test),
        "groups": int(np.isin(groups_test, groups_train).sum()),
        "peeks": not np.array_equal(features, moved),
    }
    ### END SOLUTION


# %%
def flat(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels as they are: (n, d) and (m, d)."""
    return X_train.reshape(len(X_train), -1), X_test.reshape(len(X_test), -1)


def scaled(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels scaled to mean 0 and standard deviation 1; both are taken from the training pictures."""
    train, test = flat(X_train, X_test)
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 0.05
    return (train - mean) / deviation, (test - mean) / deviation


def scaled_by_all(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same with mean and standard deviation of all pictures."""
    everything, _ = scaled(np.concatenate([X_train, X_test]), X_test)
    return everything[: len(X_train)], everything[len(X_train) :]


# %%
found = find_leaks(pictures[:5], pictures[3:9], np.array(list("aabbb")), np.array(list("bbcccc")), scaled)
assert found == {"copies": 2, "groups": 2, "peeks": False}
assert find_leaks(pictures[:5], pictures[5:9], np.zeros(5), np.ones(4), scaled_by_all)["peeks"]

# %% check="leaks" points=2
check("leaks")

# %% [markdown]
# **See it.** Four ways to evaluate the look-up classifier, with what your detector says of each.

# %%
by_form = deal(form, (12, 2), lab.seed)
one_by_one = deal(np.arange(len(label)), [len(part) for part in by_form], lab.seed)
more = np.concatenate([np.arange(len(label)), np.random.default_rng(lab.seed).integers(len(label), size=1000)])  # a thousand copies
copied = [more[part] for part in deal(np.arange(len(more)), (len(more) - 257, 257), lab.seed)]
CASES = {
    "whole forms, scaled by the training part": (by_form, scaled),
    "whole forms, scaled by all digits": (by_form, scaled_by_all),
    "digits one by one": (one_by_one, scaled),
    "copies made before splitting": (copied, scaled),
}
leaks = {}
for case, ((train, test), prepare) in CASES.items():
    leaks[case] = find_leaks(pictures[train], pictures[test], form[train], form[test], prepare)
    features, new_features = prepare(pictures[train], pictures[test])
    right = np.mean(look_up(features, label[train], new_features) == label[test])
    print(f"{case:41s} accuracy {right:.1%}   " + "   ".join(f"{name}: {value}" for name, value in leaks[case].items()))
claim("only the first way is clean", [not any(found.values()) for found in leaks.values()] == [True, False, False, False])

# %% [markdown]
# Look at the second row. This leak bought next to nothing: two numbers for each pixel, averaged over a thousand digits,
# hardly carry the test set. Two rows further down, a leak lifts the score by percents. You cannot tell beforehand which
# kind you have, and an honest evaluation does not have to: the detector asks *whether*, not *how much*.

# %% [markdown]
# ## 3. Stop in time
#
# Now the network. While it trains, its loss on the training digits falls and falls. Its loss on other people's digits
# falls at first, too; then the network begins to learn by heart what is peculiar to *these* digits, and that loss rises
# again. *Early stopping* watches the validation loss and remembers the weights of the best epoch. When $P$ epochs in a
# row, the *patience*, have brought nothing better, training ends, and the best weights are put back:
#
# $$e^* = \arg\min_e L_{\text{val}}(\theta_e), \qquad \theta \leftarrow \theta_{e^*} .$$
#
# Three things go wrong easily. "Better" means better than the *best*, not than the last epoch; an equal loss is not
# better, and NaN (what a diverged network reports) never is. And remembering needs a **copy**: `model.state_dict()`
# hands out the very tensors that the optimizer changes in place a moment later. `copy.deepcopy` copies them. (Why the
# `state_dict` and not the parameters? Some layers keep numbers that no gradient moves, such as the running means of
# `BatchNorm2d`. The `state_dict` has both.)
#
# **Predict**: the losses are 5, 4, 6, 4, 3, 7, 8, 2 and the patience is 2. After which of them does training stop, and
# which weights are put back?
#
# **Write** `update`; `__init__` and `restore` are there already.


# %% solution="stopping"
class EarlyStopping:
    """Remembers the best weights of a model in training, and says when to stop.

    After each epoch call `update(loss)` with the validation loss: it returns True when the last `patience` epochs in a
    row were not below the best loss so far. `restore()` puts the best weights back. `epoch` is the number of the last
    epoch, counted from 0, `best_epoch` that of the best one, and `best_loss` its loss.
    """

    def __init__(self, model: nn.Module, patience: int):
        self.model, self.patience = model, patience
        self.epoch, self.best_epoch, self.best_loss = -1, -1, float("inf")
        self.best_weights = copy.deepcopy(model.state_dict())

    def restore(self) -> None:
        """Load the best weights into the model."""
        self.model.load_state_dict(self.best_weights)

    def update(self, loss: float) -> bool:
        """Note one epoch; returns whether to stop."""
        ### BEGIN SOLUTION
        self.epoch += 1
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.best_weights = copy.deepcopy(self.model.state_dict())
        return self.epoch - self.best_epoch >= self.patience
        ### END SOLUTION


# %%
tiny = nn.Linear(1, 1)
stopper = EarlyStopping(tiny, patience=2)
for number, loss in enumerate([5.0, 4.0, 6.0]):
    nn.init.constant_(tiny.weight, number)
    assert not stopper.update(loss)
assert stopper.update(4.0) and (stopper.best_epoch, stopper.best_loss) == (1, 4.0)
stopper.restore()
assert tiny.weight.item() == 1.0  # the weights of epoch 1

# %% check="stopping" points=2
check("stopping")

# %% [markdown]
# **See it.** Now everything that is needed to train. A network is written down as *data*, a list of layer names with
# their options, and built from that list. It looks fussy here, and will pay off when you save the network. Three names
# may be new: `BatchNorm2d` brings the values of each channel to a common scale, `Dropout` silences a share of them at
# random during training, and `AdamW` gives every weight a step size of its own. Later labs take them apart; here they
# serve.


# %%
def dense(side: int, width: int) -> list:
    """The layers of a network with one hidden layer, for pictures of side by side pixels and ten classes."""
    first = {"in_features": side**2, "out_features": width}
    return [["Flatten", {}], ["Linear", first], ["ReLU", {}], ["Linear", {"in_features": width, "out_features": 10}]]


def convolutional(side: int, channels: int, blocks: int) -> list:
    """The layers of a convolutional network: every block doubles the channels, and all but the first halve the side."""
    layers, before = [], 1
    for block in range(blocks):
        layers.append(["Conv2d", {"in_channels": before, "out_channels": channels, "kernel_size": 3, "padding": 1}])
        layers += [["BatchNorm2d", {"num_features": channels}], ["ReLU", {}]]
        if block > 0:
            layers.append(["MaxPool2d", {"kernel_size": 2}])
            side //= 2
        before, channels = channels, 2 * channels
    return [*layers, ["Flatten", {}], ["Dropout", {"p": 0.2}], ["Linear", {"in_features": before * side**2, "out_features": 10}]]


def build(layers: list) -> nn.Sequential:
    """The network that a list of [name in torch.nn, options] describes, with fresh weights."""
    network = nn.Sequential(*(getattr(nn, name)(**options) for name, options in layers))
    return network.to(memory_format=torch.channels_last)  # the order in memory in which convolutions are fastest


def logits_of(model: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """The ten scores of every picture, X of shape (n, 1, side, side): shape (n, 10). Leaves the model in evaluation mode."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(chunk) for chunk in X.split(2000)])


# %%
def jitter(X: torch.Tensor, strength: float) -> torch.Tensor:
    """The pictures, each a little turned, sheared, stretched and shifted at random; strength 0 leaves them as they are."""
    if strength == 0:
        return X
    change = strength * torch.empty(len(X), 2, 3, device=X.device).uniform_(-0.15, 0.15)
    grid = F.affine_grid(change + torch.eye(2, 3, device=X.device), list(X.shape), align_corners=False)
    return F.grid_sample(X, grid, align_corners=False)


# %%
def fit(
    model: nn.Module, X: torch.Tensor, y: torch.Tensor, parts: Sequence, *, rate: float, epochs: int, patience: int,
    falls_to: float = 1.0, strength: float = 0.0,
) -> dict[str, list]:  # fmt: skip
    """Train on the rows parts[0], stop by the rows parts[1]; the rate falls evenly to the share `falls_to` of itself.

    Returns, by epoch, both losses, and the logits of parts[1:].
    """
    train, watch, *rest = (torch.as_tensor(part, device=X.device) for part in parts)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, falls_to, total_iters=epochs)
    stopper, history = EarlyStopping(model, patience), {"training": [], "validation": [], "logits": []}
    for _ in range(epochs):
        model.train()
        total = torch.zeros((), device=X.device)
        for rows in train[torch.randperm(len(train), device=X.device)].split(lab.params["batch"]):
            loss = F.cross_entropy(model(jitter(X[rows], strength)), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        falling.step()
        scores = [logits_of(model, X[rows]) for rows in (watch, *rest)]
        history["training"].append(float(total) / len(train))
        history["validation"].append(float(F.cross_entropy(scores[0], y[watch])))
        history["logits"].append([each.double().cpu().numpy() for each in scores])
        if stopper.update(history["validation"][-1]):
            break
    stopper.restore()
    return history


# %% [markdown]
# And the digits to train on. In the `cpu` profile these are the fourteen forms, dealt into seven parts of two. Each
# part serves once as the test set and once as the validation set, with a network that was trained on the other five
# parts. This is *cross-validation*: seven networks, and in the end every digit has been read once by a network that
# never saw its form. In the other profiles it is MNIST with its own test set, for which other people wrote than for the
# training set; there one network is enough.


# %%
def mnist(kind: str, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` of MNIST's pictures, (n, 28, 28) from 0 to 1, and their labels, (n,); kind is "train" or "t10k"."""
    with gzip.open(lab.data("mnist") / f"{kind}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(lab.data("mnist") / f"{kind}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return pixels[:most] / np.float32(255), labels[:most].astype(np.int64)


def problem() -> tuple[torch.Tensor, torch.Tensor, np.ndarray, list[tuple]]:
    """Pictures (n, 1, side, side), labels (n,), the group of each row (n,), and the folds: rows to train, to validate, to test."""
    if lab.params["data"] == "digits":
        pictures, label, group = digits()
        parts = deal(group, [2] * 7, lab.seed)
        turned = [parts[k:] + parts[:k] for k in range(7)]
        folds = [(np.concatenate(turn[2:]), turn[1], turn[0]) for turn in turned]
    else:
        known, known_label = mnist("train", lab.params["most"])
        new, new_label = mnist("t10k", lab.params["most"])
        pictures, label = np.concatenate([known, new]), np.concatenate([known_label, new_label])
        group = np.arange(len(label))  # who wrote what is not in the files: each picture for itself
        train, watch = deal(group[: len(known)], (len(known) - len(known) // 12, len(known) // 12), lab.seed)
        folds = [(train, watch, group[len(known) :])]
    X = torch.from_numpy(np.ascontiguousarray(pictures))[:, None]
    return X.to(lab.device), torch.from_numpy(label).to(lab.device), group, folds


# %%
X, y, group, folds = problem()
side, labels = X.shape[-1], y.cpu().numpy()
print(
    f"{len(X):,} pictures of {side} by {side} pixels, {len(folds)} fold(s); the first has {', '.join(f'{len(p):,}' for p in folds[0])} rows"
)

# %%
torch.manual_seed(lab.seed)
layers = {
    "dense": dense(side, lab.params["width"]),
    "convolutional": convolutional(side, lab.params["channels"], lab.params["blocks"]),
}
p = lab.params
HOW = {
    "dense": {"rate": p["dense_rate"], "epochs": p["dense_epochs"], "patience": p["dense_epochs"]},  # to the end, for study
    "convolutional": {
        "rate": p["rate"],
        "epochs": p["epochs"],
        "patience": p["patience"],
        "falls_to": p["falls_to"],
        "strength": p["jitter"],
    },
}
histories = {name: [] for name in layers}
networks = []
for fold in folds:
    for name in layers:
        network = build(layers[name]).to(lab.device)
        histories[name].append(fit(network, X, y, fold, **HOW[name]))
    networks.append(network)  # the convolutional one

# %%
curves = histories["dense"][0]
best = int(np.argmin(curves["validation"]))
print(
    f"the validation loss is lowest after epoch {best}: {curves['validation'][best]:.3f}; after the last one it is {curves['validation'][-1]:.3f}"
)
with plot.figure(caption="The loss of a dense network on its training digits and on the validation digits. The dot marks the best epoch.",
                 alt="Two falling curves; the training loss goes on towards zero, the validation loss turns and slowly rises after the dot.") as ax:  # fmt: skip
    for name in ("training", "validation"):
        ax.plot(curves[name], label=name)
    ax.plot(best, curves["validation"][best], "o", color=plot.NEUTRAL)
    ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, 1))
    ax.legend()
at_the_end, at_best = (np.mean([pick(each["validation"]) for each in histories["dense"]]) for pick in (lambda losses: losses[-1], min))
record("overfitting", at_the_end / at_best)
claim("averaged over the folds, the dense network's last validation loss is at least 5 % above its best one", at_the_end > 1.05 * at_best)

# %% [markdown]
# The training loss knows no end; the validation loss has turned round. Is the network at the end also *worse at
# reading*? That is another question, for the loss does not only ask whether an answer is right, but also how sure the
# network was. Collect what both networks said about all test digits, each read by the network of its fold, and look.


# %%
def pooled(name: str, which: str, part: int = 1) -> np.ndarray:
    """Logits of all folds' test digits (part 1) or validation digits (part 0): at the "best" epoch or at the "last"; (n, 10)."""
    chosen = [np.argmin(each["validation"]) if which == "best" else -1 for each in histories[name]]
    return np.concatenate([each["logits"][epoch][part] for each, epoch in zip(histories[name], chosen, strict=True)])


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities from logits, (n, classes): positive, and each row adds up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# %%
test_rows = np.concatenate([test for _, _, test in folds])
truth, truth_group = labels[test_rows], group[test_rows]
READERS = {"dense, to the end": ("dense", "last"), "dense, stopped": ("dense", "best"), "convolutional, stopped": ("convolutional", "best")}
logits = {reader: pooled(*key) for reader, key in READERS.items()}
for reader, scores in logits.items():
    chances = softmax(scores)
    print(
        f"{reader:23s} {np.mean(chances.argmax(1) == truth):.1%} of {len(truth):,} right, mean confidence {chances.max(1).mean():.1%}, "
        f"cross-entropy {-np.mean(np.log(chances[np.arange(len(truth)), truth])):.3f}"
    )

# %% [markdown]
# Compare the first two rows, and be surprised: what the rising loss punishes is not more mistakes. Stopped early, the
# dense network reads no better than at the end, perhaps a little worse. But look at its *confidence* and its accuracy.
# At the end it promises more than it keeps. That can be measured.

# %% [markdown]
# ## 4. Does 90 % mean 90 %?
#
# The *confidence* of an answer is the largest of the ten probabilities, $c_i = \max_k p_{ik}$. A classifier is
# *calibrated* if the answers that it gives with confidence $c$ are right in a share $c$ of the cases. To test this,
# sort the answers into $M$ bins of equal width by their confidence, and compare in each bin $B_m$ the mean confidence
# with the accuracy. The **expected calibration error** is the average gap, weighted by the number of answers in the
# bin:
#
# $$\text{ECE} = \sum_{m=1}^{M} \frac{|B_m|}{n}\,\big|\operatorname{acc}(B_m) - \operatorname{conf}(B_m)\big| .$$
#
# Bin $m = 0, \dots, M-1$ holds the confidences from $m/M$ up to, but not including, $(m+1)/M$. A confidence of exactly
# 1, which rounding does produce, belongs to the last bin; there is no bin $M$.
#
# **Predict**: a classifier says "70 % sure" every time, and 70 % of its answers are right. Is it calibrated? Is it of
# any use?
#
# **Write** `calibration_error`. `np.bincount(place, weights, minlength=bins)` adds up the weights of each bin. Mind
# the empty bins: their row in the table is all zeros.


# %% solution="calibration"
def calibration_error(probabilities: np.ndarray, y: np.ndarray, bins: int = 15) -> tuple[float, np.ndarray]:
    """The expected calibration error, and the table behind it.

    probabilities: shape (n, classes), each row adds up to 1. y: the right classes, (n,).
    Returns the error, 0 to 1, and a table of shape (bins, 3): for each bin the number of answers, their mean confidence
    and the share of them that is right.
    """
    ### BEGIN SOLUTION
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    at_least_one = np.maximum(count, 1)
    mean_confidence = np.bincount(place, confidence, minlength=bins) / at_least_one
    accuracy = np.bincount(place, right, minlength=bins) / at_least_one
    error = np.sum(count * np.abs(accuracy - mean_confidence)) / len(y)
    return float(error), np.column_stack([count, mean_confidence, accuracy])
    ### END SOLUTION


# %%
SURE = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.0, 1.0]])
error, table = calibration_error(SURE, np.array([0, 1, 1, 1]), bins=2)
assert np.allclose(table, [[0, 0, 0], [4, 0.9, 0.75]]) and np.isclose(error, 0.15)
error, _ = calibration_error(SURE, np.array([0, 1, 1, 1]), bins=8)  # now 0.9 and 1.0 share a bin, and 0.8 is alone
assert np.isclose(error, 3 / 4 * abs(2 / 3 - 2.8 / 3) + 1 / 4 * abs(1 - 0.8))

# %% check="calibration" points=2
check("calibration")

# %% [markdown]
# **See it.** A *reliability diagram* draws the table: accuracy against confidence. A calibrated classifier lies on the
# diagonal, give or take luck. How much luck? With few answers in a bin, even a perfect classifier misses the diagonal,
# so its ECE is not 0. Measure that as well: let a *calibrated twin* give the same probabilities, and draw the right
# answers from them, again and again.


# %%
def twin_errors(probabilities: np.ndarray, draws: int = 200, seed: int = 0) -> tuple[float, float]:
    """The range that holds 95 % of the calibration errors that a calibrated classifier with these probabilities would show."""
    rng, edges = np.random.default_rng(seed), probabilities.cumsum(axis=1)
    drawn = [(rng.random((len(edges), 1)) > edges[:, :-1]).sum(axis=1) for _ in range(draws)]
    errors = [calibration_error(probabilities, y)[0] for y in drawn]
    return float(np.quantile(errors, 0.025)), float(np.quantile(errors, 0.975))


def show_reliability(tables: dict[str, np.ndarray], caption: str, alt: str) -> None:
    """Draw the tables of `calibration_error`, each as points whose size tells the number of answers."""
    with plot.figure(caption=caption, alt=alt, width=4.8, height=4.2) as ax:
        ax.plot([0, 1], [0, 1], "--", color=plot.NEUTRAL, linewidth=1)
        for (name, table), marker in zip(tables.items(), "os^", strict=False):
            count, confidence, accuracy = table[table[:, 0] >= 10].T  # a bin with fewer answers says little
            ax.plot(confidence, accuracy, alpha=0.5)
            ax.scatter(confidence, accuracy, s=8 + 150 * count / count.max(), marker=marker, alpha=0.8, label=name)
        ax.set(xlabel="mean confidence of the bin", ylabel="accuracy of the bin", xlim=(0.2, 1.02), ylim=(0.0, 1.05))
        ax.legend(loc="upper left")


# %%
calibration = {reader: calibration_error(softmax(scores), truth) for reader, scores in logits.items()}
twins = {reader: twin_errors(softmax(scores)) for reader, scores in logits.items()}
for reader, (error, _) in calibration.items():
    print(f"{reader:23s} ECE {error:.2%}; a calibrated twin would show {twins[reader][0]:.2%} to {twins[reader][1]:.2%}")
show_reliability(
    {reader: calibration[reader][1] for reader in ("dense, to the end", "dense, stopped")},
    caption="Reliability of the dense networks on the test digits. Below the diagonal: surer than right. Large points: many answers.",
    alt="Points below a dashed diagonal for the network trained to the end; those of the stopped network lie closer to the diagonal.",
)
record("ece_before", calibration["dense, to the end"][0])
claim("trained to the end, the dense network is not calibrated: its ECE is above the range of a calibrated twin",
      calibration["dense, to the end"][0] > twins["dense, to the end"][1])  # fmt: skip

# %% [markdown]
# Compare each ECE with the range of its twin: is there anything to repair? In the diagram, mind the size of the points.
# Nearly all answers are in the last bin, so most of the error is a small gap there; the wild points on the left stand
# for ten or twenty digits each.
#
# ## 5. Turn down the heat
#
# There is a repair that costs one number. Divide all logits by a *temperature* $T$ before the softmax:
#
# $$p_{ik}(T) = \frac{e^{z_{ik}/T}}{\sum_j e^{z_{ij}/T}} .$$
#
# $T > 1$ makes every answer less sure, $T < 1$ surer, and the order of the classes stays as it is: **no answer changes,
# only how sure it is.** Which $T$? The one with the lowest cross-entropy on digits that the training did not touch, and
# that will not be tested either: the validation digits. With $\beta = 1/T$ the cross-entropy is
#
# $$L(\beta) = \frac1n\sum_i \Big(\log\sum_k e^{\beta z_{ik}} - \beta z_{i y_i}\Big), \qquad
# L'(\beta) = \frac1n\sum_i \Big(\sum_k p_{ik} z_{ik} - z_{i y_i}\Big) .$$
#
# The derivative has a meaning: the mean logit that the network *expects*, minus the mean logit that the right class
# *has*. And $L$ is convex in $\beta$, so $L'$ only ever rises, and halving an interval finds the place where it is 0:
# as long as the network expects more than it gets, it is too sure, and $T$ must go up.
#
# If the validation set has no mistake at all, the lowest cross-entropy lies at $T = 0$: infinitely sure. So keep to
# the range from 0.05 to 20.
#
# **Predict**: what is the best temperature for logits that are all multiplied by 3?
#
# **Write** `fit_temperature`, precise to a thousandth of $T$, by halving or in any other way.


# %% solution="temperature"
def fit_temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """The temperature from 0.05 to 20 with the lowest cross-entropy of softmax(logits / T).

    logits: shape (n, classes). y: the right classes, (n,).
    """
    ### BEGIN SOLUTION
    low, high = 0.05, 20.0
    given = logits[np.arange(len(y)), y].mean()
    for _ in range(50):
        middle = np.sqrt(low * high)
        expected = (softmax(logits / middle) * logits).sum(axis=1).mean()
        low, high = (middle, high) if expected > given else (low, middle)
    return float(np.sqrt(low * high))
    ### END SOLUTION


# %%
LOGITS = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])  # three times the same answer, with 88 % confidence
assert np.isclose(fit_temperature(LOGITS, np.array([0, 0, 1])), 2 / np.log(2), rtol=1e-3)  # right 2 times in 3: softmax gives 2/3 there
assert np.isclose(fit_temperature(LOGITS, np.array([0, 0, 0])), 0.05, rtol=1e-3)  # always right: the lower end

# %% check="temperature" points=1
check("temperature")

# %% [markdown]
# **See it.** One temperature for each fold, from its validation digits; then the test digits of the same fold are
# cooled with it.


# %%
def cooled(name: str, which: str) -> tuple[np.ndarray, list[float]]:
    """The test logits of all folds, each divided by the temperature from the fold's validation digits; and the temperatures."""
    made, temperatures = [], []
    for history, (_, watch, _) in zip(histories[name], folds, strict=True):
        watched, tested = history["logits"][np.argmin(history["validation"]) if which == "best" else -1]
        temperatures.append(fit_temperature(watched, labels[watch]))
        made.append(tested / temperatures[-1])
    return np.concatenate(made), temperatures


def cross_entropies(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cross-entropy of each row, shape (n,)."""
    return -np.log(np.maximum(softmax(logits)[np.arange(len(y)), y], 1e-300))


# %%
after = {reader: cooled(*key) for reader, key in READERS.items()}
for reader, (scores, temperatures) in after.items():
    print(
        f"{reader:23s} ECE {calibration[reader][0]:.2%} -> {calibration_error(softmax(scores), truth)[0]:.2%}, cross-entropy "
        f"{cross_entropies(logits[reader], truth).mean():.3f} -> {cross_entropies(scores, truth).mean():.3f}, "
        f"T = {', '.join(f'{T:.2f}' for T in temperatures)}"
    )
ece_after, _ = calibration_error(softmax(after["dense, to the end"][0]), truth)
record("ece_after", ece_after)
claim("cooling lowers the calibration error of the network that was trained to the end", ece_after < calibration["dense, to the end"][0])

# %% [markdown]
# Read the first row: most temperatures lie above 1, and both numbers go down. The network keeps the accuracy of its
# last epoch and promises no more than it keeps.
#
# In the other rows the network was hardly too sure to begin with, and there is little to gain. There may even be much
# to lose: if one of the temperatures of the convolutional network is 0.05, the end of the range, its fold has a
# validation part without a single mistake. "Never wrong" is then all that the data say, and $T$ follows. One rare
# mistake on the test digits, made with all that confidence, costs a fortune in cross-entropy. A temperature is fitted
# to *mistakes*: have some tens of them, or leave it alone.

# %% [markdown]
# ## 6. Is it really better?
#
# The convolutional network reads more of the test digits than the dense one. How sure can you be? Both read the *same*
# digits, so compare them digit by digit. With $a_i, b_i \in \{0, 1\}$ for "A (B) was right on row $i$", the difference
# of the accuracies is the mean of $d_i = a_i - b_i$. Most $d_i$ are 0: what both get right, or both get wrong, says
# nothing about the difference and adds no noise. This is why a paired comparison needs far fewer examples than two
# separate ones.
#
# The bootstrap of the lab *nn-perceptron* draws rows. That is honest if each row is a fresh draw from the world. Digits
# by one hand are not: if a network stumbles over somebody's sevens, it stumbles over all of them at once. What is drawn
# from the world here are *people*. So the bootstrap must draw **whole groups**, with repetition, and keep all rows of
# each group that it draws (twice, if the group was drawn twice). For each such draw compute
#
# $$\frac{\sum_{\text{drawn } g} \sum_{i \in g} d_i}{\sum_{\text{drawn } g} |g|},$$
#
# and report the range that holds the middle 95 % of the results.
#
# **Predict**: by how much does the interval grow when you draw forms instead of digits?
#
# **Write** `paired_interval`. `np.unique(groups, return_inverse=True)` numbers the groups; with that, `np.bincount`
# gives the sum of $d_i$ and the number of rows of each group, and one matrix of random group numbers does all draws at
# once.


# %% solution="compare"
def paired_interval(
    right_a: np.ndarray, right_b: np.ndarray, groups: np.ndarray, draws: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """The accuracy of A minus that of B on the same rows, and its 95 % bootstrap interval, drawing whole groups.

    right_a, right_b: whether A and B were right on each row, (n,). groups: the name of each row's group, (n,).
    Returns the difference on all rows, and the quantiles 0.025 and 0.975 of `draws` draws from np.random.default_rng(seed).
    """
    ### BEGIN SOLUTION
    difference = right_a.astype(float) - right_b
    names, number = np.unique(groups, return_inverse=True)
    total, size = np.bincount(number, difference), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    results = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return float(difference.mean()), float(np.quantile(results, 0.025)), float(np.quantile(results, 0.975))
    ### END SOLUTION


# %%
A, B = np.array([True, True, True, False]), np.array([True, True, False, False])
assert paired_interval(A, B, np.arange(4))[0] == 0.25
assert paired_interval(A, A, np.arange(4)) == (0.0, 0.0, 0.0)  # the same answers, no doubt left
assert paired_interval(A, ~A, np.zeros(4))[1:] == (0.5, 0.5)  # one group: nothing to draw from, so no interval worth the name

# %% check="compare" points=1
check("compare")

# %% [markdown]
# **See it.** Three differences: convolutional against dense, the two dense networks against each other, and the
# accuracy of the convolutional network, which is its difference to a classifier that is never right.

# %%
right = {reader: scores.argmax(axis=1) == truth for reader, scores in logits.items()}
best_reader = right["convolutional, stopped"]
COMPARED = {
    "convolutional minus dense": (best_reader, right["dense, to the end"]),
    "dense: to the end minus stopped": (right["dense, to the end"], right["dense, stopped"]),
    "convolutional, accuracy": (best_reader, np.zeros_like(best_reader)),
}
intervals = {}
for name, (a, b) in COMPARED.items():
    intervals[name] = paired_interval(a, b, truth_group)
    _, row_low, row_high = paired_interval(a, b, np.arange(len(truth)))
    middle, low, high = intervals[name]
    print(
        f"{name:31s} {middle:+.2%}, 95 % interval {low:+.2%} to {high:+.2%} (drawing digits one by one: {row_low:+.2%} to {row_high:+.2%})"
    )
accuracy, accuracy_low, accuracy_high = intervals["convolutional, accuracy"]
gain, gain_low, _ = intervals["convolutional minus dense"]
record("accuracy", accuracy)
record("gain", gain)
claim("the convolutional network reads more: the 95 % interval of the gain lies above 0", gain_low > 0)

# %% [markdown]
# With digits, the interval of the accuracy is the one to look at: drawing people makes it much wider. The short one is
# not an optimistic answer to our question. It answers another one: how well would the network read *more digits by
# these fourteen people*? (With MNIST both are the same here, because its files do not say who wrote what. The wider one
# would be the honest one there as well.)
#
# Does the accuracy still mean what it seems to, then? An average over people hides them. Here they are, with the score
# that a random split would have reported.


# %%
def show_forms(share: dict[int, float], caption: str, alt: str) -> None:
    """Draw one bar for each form, the worst first."""
    names = sorted(share, key=share.get)
    with plot.figure(caption=caption, alt=alt, height=3.0) as ax:
        ax.bar([str(name) for name in names], [100 * share[name] for name in names], color=plot.COLORS[0], alpha=0.8)
        ax.set(xlabel="form", ylabel="accuracy in %", ylim=(80, 100.5))


# %%
if lab.params["data"] == "digits":
    torch.manual_seed(lab.seed)
    mixed = deal(np.arange(len(X)), (len(X) - 514, 257, 257), lab.seed)  # as many digits as in a fold, but dealt one by one
    history = fit(build(layers["convolutional"]).to(lab.device), X, y, mixed, **HOW["convolutional"])
    mixed_logits = history["logits"][np.argmin(history["validation"])][1]
    flattered = np.mean(mixed_logits.argmax(axis=1) == labels[mixed[2]])
    print(f"a random split would have reported {flattered:.1%}; by strangers, the network reads {accuracy:.1%}")
    record("random_split_accuracy", flattered)
    show_forms(
        {each: float(best_reader[truth_group == each].mean()) for each in np.unique(truth_group)},
        caption="Accuracy of the convolutional network on each form, the worst first. No form was in its own network's training set.",
        alt="Fourteen bars in rising order; the first few are clearly lower than the last ones, which reach 100 percent.",
    )

# %% [markdown]
# ## Experiment: what does it pay to choose by the test set?
#
# One leak needs no bug at all: look at the test score after every epoch and keep the best. People do it without a bad
# conscience ("I only pick the checkpoint"). What does it pay?
#
# To see it, you need digits that even the cheat has not seen. So deal the forms into training, validation and test, and
# split the *test digits* at random into two halves, $A$ and $B$. Both come from the same people, so they are equally
# hard for any network. Train without stopping, and
#
# - the honest way picks the epoch with the lowest validation loss, and reports $A$;
# - the cheat picks the epoch that is best on $A$, and reports $A$;
# - the truth about the cheat's network is its accuracy on $B$.
#
# Then swap the halves, and average.
#
# **Predict**: about 200 digits in a half, 30 epochs to choose from. How many percentage points does the cheat win? How
# many of them are real?


# %%
def honest_cheat_truth(seed: int) -> tuple[float, float, float]:
    """Accuracies on one split of the forms: reported honestly, reported by the cheat, and of the cheat's network on fresh digits."""
    torch.manual_seed(seed)
    pictures, label, form = digits()
    parts = deal(form, (9, 2, 3), seed)
    how = {"rate": 0.01, "epochs": 30, "patience": 30}
    history = fit(build(dense(8, 64)), torch.from_numpy(pictures)[:, None], torch.from_numpy(label), parts, **how)
    correct = np.array([tested.argmax(axis=1) == label[parts[2]] for _, tested in history["logits"]])  # (epochs, test digits)
    order, stop, found = np.random.default_rng(seed).permutation(correct.shape[1]), np.argmin(history["validation"]), []
    for a, b in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        cheat = correct[:, a].mean(axis=1).argmax()
        found.append((correct[stop, a].mean(), correct[cheat, a].mean(), correct[cheat, b].mean()))
    return tuple(np.mean(found, axis=0))


# %%
outcomes = np.array([honest_cheat_truth(seed) for seed in lab.seeds(lab.params["runs"])])  # (runs, 3)
names = ("honest report", "cheat's report", "cheat's network,\nfresh digits")
spans = {name: bootstrap_interval(column) for name, column in zip(names, outcomes.T, strict=True)}
flattery = outcomes[:, 1] - outcomes[:, 2]
low, high = bootstrap_interval(flattery)
print(
    f"choosing by the test set adds {flattery.mean():.2%} that are not there, 95 % interval {low:.2%} to {high:.2%}, over {len(flattery)} runs"
)
with plot.figure(caption="Test accuracy, one line a run: reported honestly, reported after choosing the epoch by it, and what that network does on "
                 "fresh digits.",
                 alt="Lines that rise from the honest report to the cheat's report and fall again to about where they began.",
                 width=5.2) as ax:  # fmt: skip
    ax.plot(names, 100 * outcomes.T, "o-", color=plot.COLORS[0], alpha=0.4)
    ax.plot(names, 100 * outcomes.mean(axis=0), "s-", color=plot.COLORS[1], linewidth=2.5)
    ax.set(ylabel="accuracy in %", xlim=(-0.3, 2.3))
record("flattery", flattery.mean())
claim("what the cheat reports is too high: the 95 % interval of the flattery lies above 0", low > 0)

# %% [markdown]
# Look at both ends of the lines. The cheat's network may well be a little better than the honest one: digits help to
# choose, and the cheat had more of them. What is wrong is the *report*, for the digits that chose it were lucky for it.
# And all that was taken from the test digits was one number, the best of a few dozen epochs. Now think of a whole
# project, in which learning rate, width, augmentation and architecture were all chosen by the same test score. That is
# why the third part of the split exists, and why it is opened late, and once.
#
# This book is not innocent, either: its authors chose the layers, the rates and the number of epochs of this lab while
# looking at these fourteen forms, time and again. So the accuracy that you recorded in section 6 is flattered a little,
# too, and no digit in this file can tell by how much. Only new people could.
#
# ## Look at the mistakes
#
# A score says how often. Somebody who wants a better classifier asks *which*. First the table of confusions: row, the
# digit as it is; column, the digit that was read; right answers left out.

# %%
wrong = np.flatnonzero(~best_reader)
chances = softmax(logits["convolutional, stopped"])
read = chances.argmax(axis=1)
confusions = np.zeros((10, 10), dtype=int)
np.add.at(confusions, (truth[wrong], read[wrong]), 1)
for flat_place in np.argsort(-confusions, axis=None)[:5]:
    is_digit, read_as = divmod(int(flat_place), 10)
    print(f"{is_digit} read as {read_as}: {confusions[is_digit, read_as]} times")
plot.heatmap(
    confusions,
    rows=range(10),
    columns=range(10),
    x="read as",
    y="is",
    caption="Mistakes of the convolutional network on the test digits, by what the digit is and what was read.",
    alt="A ten by ten table that is nearly empty; a few cells off the diagonal are bright.",
)

# %% [markdown]
# Then the mistakes of which the network was *most confident*. They are the most valuable ones: a doubtful mistake is a
# hard digit, but a confident mistake is either something that the network was never shown, or a wrong label.

# %%
boldest = wrong[np.argsort(-chances[wrong].max(axis=1))][:12]
plot.images(
    X[test_rows[boldest], 0].cpu().numpy(),
    titles=[f"{truth[row]}, read {read[row]}\n{chances[row].max():.1%}" for row in boldest],
    columns=6,
    caption="The twelve most confident mistakes: what the digit is, what was read, and how sure the network was.",
    alt="Twelve handwritten digits of unusual shape; above each what it is, what was read, and a confidence far above one half.",
    height=3.0,
)
if lab.params["data"] == "digits":
    worst = {int(each): int(count) for each, count in zip(*np.unique(truth_group[boldest], return_counts=True), strict=True)}
    print(f"forms of these twelve, with the number of them: {worst}")

# %% [markdown]
# Look at each and say what happened: an unusual shape, a stroke cut off, a label that you would have given differently?
# Are several by the same hand? If so, the cheapest improvement is not a larger network. It is more people.
#
# ## Save it for others
#
# A file of weights alone is a riddle: which layers, which pixels, what range, how good? So save two files: the
# `state_dict`, and a short JSON that says everything else. Because the network was written down as data, the JSON can
# hold its layers, and whoever loads it needs neither this notebook nor a class definition. `weights_only=True` makes
# sure that loading reads numbers and runs no code.
#
# All measuring is done now. So the temperature of the saved classifier may come from the validation digits of *all*
# folds together, which make enough mistakes for it.


# %%
def save_classifier(folder: Path, network: nn.Sequential, layers: list, about: dict) -> None:
    """Write weights.pt (a state_dict on the CPU) and classifier.json (the layers, and what there is to know) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.cpu() for name, value in network.state_dict().items()}, folder / "weights.pt")
    (folder / "classifier.json").write_text(json.dumps({"layers": layers, **about}, indent=1), encoding="utf-8")


def load_classifier(folder: Path) -> tuple[nn.Sequential, dict]:
    """The network in evaluation mode, on the CPU, and the content of classifier.json.

    Give the network a float tensor (n, *about["input"]["shape"]) with paper 0 and ink 1; the probabilities are
    softmax(network(x) / about["temperature"]).
    """
    about = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    network = nn.Sequential(*(getattr(nn, name)(**options) for name, options in about["layers"]))
    network.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    return network.eval(), about


# %%
watched_rows = np.concatenate([watch for _, watch, _ in folds])
about = {
    "input": {"shape": [1, side, side], "paper": 0.0, "ink": 1.0},
    "classes": [str(digit) for digit in range(10)],
    "temperature": fit_temperature(pooled("convolutional", "best", part=0), labels[watched_rows]),
    "data": lab.params["data"],
    "test": {"accuracy": accuracy, "interval": [accuracy_low, accuracy_high], "digits": len(truth), "groups": len(np.unique(truth_group))},
}
folder = Path("digit-classifier")  # beside this notebook
save_classifier(folder, networks[0], layers["convolutional"], about)
loaded, told = load_classifier(folder)
gap = (logits_of(loaded, X[:100].cpu()) - logits_of(copy.deepcopy(networks[0]).cpu(), X[:100].cpu())).abs().max().item()
print(f"saved to {folder}/: {', '.join(sorted(file.name for file in folder.iterdir()))}; logits differ by {gap:.1e} after loading")
print({name: value for name, value in told.items() if name != "layers"})
claim("the loaded classifier gives the same answers as the saved one", gap < 1e-3)

# %% [markdown]
# ## Against the real thing
#
# Every measurement of this lab exists in a library. **torchmetrics** has the calibration error:

# %%
gaps = []
for reader, scores in logits.items():
    chances = np.minimum(softmax(scores), 1 - 1e-6)  # see below
    theirs = multiclass_calibration_error(torch.from_numpy(chances), torch.from_numpy(truth), num_classes=10, n_bins=15, norm="l1")
    mine, _ = calibration_error(chances, truth)
    gaps.append(abs(mine - float(theirs)))
    print(f"{reader:23s} ECE yours {mine:.7f}, torchmetrics {float(theirs):.7f}")
record("ece_gap", max(gaps))
claim("your calibration error is that of torchmetrics, to five digits behind the point", max(gaps) < 1e-5)
SHARP = np.array([[1.0, 0.0], [0.96, 0.04]])
theirs = multiclass_calibration_error(torch.from_numpy(SHARP), torch.tensor([1, 0]), num_classes=2, n_bins=15)
print(
    f"a wrong answer with confidence 1 and a right one with 0.96: yours {calibration_error(SHARP, np.array([1, 0]))[0]:.2f}, theirs {theirs:.2f}"
)

# %% [markdown]
# Why only five digits, and why the `1 - 1e-6`? torchmetrics computes in float32. And look at the last line: it puts a
# confidence of exactly 1 into a bin of its own behind the last one, where nothing averages with it. In float32 a sure
# network does reach 1, and then two sensible programs disagree. Such things are found by comparing, and only by
# comparing.
#
# **scikit-learn** fits temperatures (since version 1.8), and splits by groups. Its calibrator wants a classifier, so
# wrap the logits into one.


# %%
class Logits(ClassifierMixin, BaseEstimator):
    """A classifier for scikit-learn whose inputs are logits already, (n, classes), so that there is nothing to learn."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Logits":
        """Note the classes."""
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """The logits as they are."""
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class with the largest logit, (n,)."""
        return self.classes_[X.argmax(axis=1)]


# %%
watched, true_labels = pooled("dense", "last", part=0), labels[watched_rows]
peer = CalibratedClassifierCV(Logits(), method="temperature", cv=2, ensemble=False).fit(watched, true_labels)
their_temperature = 1 / peer.calibrated_classifiers_[0].calibrators[0].beta_
print(f"temperature: yours {fit_temperature(watched, true_labels):.5f}, scikit-learn's {their_temperature:.5f}")
record("temperature_gap", abs(fit_temperature(watched, true_labels) - their_temperature))
claim(
    "your temperature is that of scikit-learn, to three digits", abs(fit_temperature(watched, true_labels) / their_temperature - 1) < 1e-3
)

pictures, label, form = digits()
train, test = next(GroupShuffleSplit(1, test_size=2, random_state=lab.seed).split(pictures, label, form))
print(
    "scikit-learn's split by groups, seen by your detector:", find_leaks(pictures[train], pictures[test], form[train], form[test], scaled)
)
table = confusion_matrix(truth, read, labels=range(10))
claim(
    "scikit-learn's confusion matrix is yours, with the right answers on the diagonal",
    np.array_equal(table - np.diag(np.diag(table)), confusions),
)

# %% [markdown]
# What they do better: scikit-learn also deals groups so that every class keeps its share (`StratifiedGroupKFold`; the
# forms did that for us), and a `Pipeline` inside `cross_val_score` makes it hard for a preparation to peek, because it
# is fitted anew on each training part. What they cannot do is know that your rows have groups. Nothing in the file
# `digits.csv` says so. You had to look.

# %% [markdown] answer="report" points=2
# ## In your own words
#
# 1. A colleague has photographed 40,000 leaves of 200 trees, many photographs of each tree, to tell healthy leaves from
#    sick ones. She subtracts the mean picture, mirrors every photograph to double the data, splits at random, trains,
#    keeps the checkpoint with the best test accuracy, and reports 99.4 %. Name four things that flatter this number,
#    and say for each what to do instead.
# 2. Look at your own table of confusions, your twelve most confident mistakes and your accuracies by form. Name one
#    pattern in them, say what you would do about it, and say how you would find out whether it helped.
#
# ### BEGIN SOLUTION
# 1. Photographs of one tree are on both sides: deal whole trees. The mirrored copies were made before the split, so
#    test pictures have their mirror images in training: split first, then mirror the training part only. The mean
#    picture was computed with the test pictures: compute it on the training part. The checkpoint was chosen by the test
#    set: choose by a validation part of other trees, and open the test part once. (An interval that draws trees, not
#    photographs, is missing too.)
# 2. For example: most of the confident mistakes come from a few forms with the lowest accuracy, whose ones have a long
#    foot or whose eights are thin. The training forms have few such shapes, so collect digits from more people (or add
#    pictures with such changes to the training part). To see whether it helped: retrain, and compare old and new on the
#    same untouched digits, paired, with an interval over forms. These digits must be new ones, for the pattern was
#    found on the old test digits, and a repair that is made for them will fit them.
#
# *Rubric*: 1 point for part 1: a quarter for each of trees, mirrored copies, mean picture, checkpoint, each with what
# to do instead. 1 point for part 2: half for a pattern that is really in the learner's output with a measure that fits
# it, half for a paired comparison with an interval or on fresh digits; "train a larger network" without a reason earns
# nothing.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Splitting rows when the future brings new groups.** The score is then an answer to a question that nobody asked.
#   Look for groups in the order of the rows, in file names, in time stamps.
# - **Fitting a scaler, a selection of features or a vocabulary before splitting.** `fit_transform` on the training
#   part, `transform` on all others.
# - **`best = model.state_dict()`.** That is a view of the model, not a memory of it. The same holds for `.copy()`.
# - **Patience counted from the last bad epoch, not from the best one.** A slow rise with small dips never stops.
# - **A temperature from the training digits.** There the network is right and sure, and $T$ comes out below 1.
# - **An ECE without its noise.** With few answers even a calibrated classifier shows some percent. Compare with the
#   twin.
# - **Two intervals that overlap, taken for "no difference".** The classifiers were tested on the same digits: look at
#   the interval of the *difference*.
# - **A test set that is opened every day.** After enough looks it is a validation set.
#
# ## Scale it up
#
# The `gpu` and `h100` profiles run sections 3 to 6, the mistakes and the saving on all of MNIST: 55,000 pictures to
# train, 5,000 to validate, and MNIST's own 10,000 to test, whose writers are others than those of the training set. The
# network gets more channels and every training picture is turned, sheared, stretched and shifted a little, anew in each
# epoch (`jitter`; on the small digits it brings nothing, try it), and the rate falls nearly to zero (`falls_to`). More
# than 99.4 % of the test digits should be right. Then look at what has become scarce: there are about fifty mistakes
# left in ten thousand digits. The interval of the accuracy is short, the interval of a *difference between two good
# networks* is not, and some of the last mistakes are digits on which people disagree, or labels that are wrong. The
# sections about forms stay with the small digits in every profile, for MNIST's files do not tell who wrote what.
#
# ## Exercises
#
# 1. [conceptual] In section 2, mean and standard deviation of all digits bought next to nothing. Describe a data set
#    and a preparation for which looking at the test rows buys a lot. *Success*: you can name what the training features
#    know of the *labels* of the test rows, or of single test rows, and why a mean of a thousand rows does not know it.
# 2. [short-code] Another leak: each test picture is scaled by the mean of *all test pictures*. Your detector says
#    `peeks: False`. Write `needs_company(prepare, X_train, X_test)` that finds it. *Success*: it is False for `flat`
#    and `scaled`, and True for a preparation that subtracts from the test part the mean of the test part.
# 3. [short-code] Bins of equal width leave most bins nearly empty. Write an ECE with bins of equal *count* (sort by
#    confidence, `np.array_split`). *Success*: a calibrated twin's ECE has a narrower 95 % range with your bins for the
#    network that was trained to the end, or you can show that it has not.
# 4. [short-code] Give every model of the seven folds a vote: average the probabilities of the seven convolutional
#    networks. *Success*: you can say why these 1,797 digits cannot tell you how good the ensemble is, and you have
#    dealt the forms once more so that they can.
# 5. [extended] Repeat the experiment with more to choose from: ten learning rates times thirty epochs, all chosen by
#    half $A$. *Success*: the flattery grows, its interval over at least 8 runs lies above 0, and you draw it against
#    the number of choices (1, 4, 16, ... of the three hundred, drawn at random).
#
# ## References
#
# - S. Kapoor and A. Narayanan (2023). *Leakage and the reproducibility crisis in machine-learning-based science.*
#   Patterns 4(9), 100804. <https://doi.org/10.1016/j.patter.2023.100804>. A taxonomy of leaks, and 17 fields where they
#   were found.
# - L. Prechelt (1998). *Early stopping, but when?* In Neural Networks: Tricks of the Trade, Springer.
#   <https://doi.org/10.1007/3-540-49430-8_3>. Stopping rules compared on real validation curves.
# - C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017). *On calibration of modern neural networks.* ICML, PMLR 70,
#   1321–1330. <https://proceedings.mlr.press/v70/guo17a.html>. ECE in section 2, temperature scaling in section 4.2.
# - C. G. Northcutt, A. Athalye and J. Mueller (2021). *Pervasive label errors in test sets destabilize machine learning
#   benchmarks.* NeurIPS Datasets and Benchmarks. <https://arxiv.org/abs/2103.14749>. The wrong labels among MNIST's
#   last mistakes.
# - J. Vaicenavicius and others (2019). *Evaluating model calibration in classification.* AISTATS, PMLR 89, 3459–3467.
#   <https://proceedings.mlr.press/v89/vaicenavicius19a.html>. The calibrated twin (consistency resampling).
# - A. C. Davison and D. V. Hinkley (1997). *Bootstrap Methods and their Application.* Cambridge University Press,
#   section 3.8: data that come in groups.
# - The data: E. Alpaydin and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning
#   Repository, <https://doi.org/10.24432/C50P49>. Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based
#   learning applied to document recognition.* Proceedings of the IEEE 86(11), 2278–2324.
#   <https://doi.org/10.1109/5.726791>. MNIST and its writers: section III.
# - The forms in scikit-learn's digits were described before: scikit-learn MOOC, chapter *Sample grouping*,
#   <https://inria.github.io/scikit-learn-mooc/python_scripts/cross_validation_grouping.html>. It lets the eighth form
#   begin nine digits later; by the order of the labels, and by the handwriting, these nine belong to it.
