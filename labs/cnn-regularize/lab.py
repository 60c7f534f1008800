# %% [markdown]
# # Augmentation and regularization
#
# Give a network 300 pictures and it learns them by heart: every training picture right, more than six in ten new ones wrong.
# There is a drawer full of tools against this. You will build eight of them: **flips, crops, cutout, mixup, dropout,
# stochastic depth, label smoothing, weight decay**, each in a few lines, each with the same numbers as the library that
# professionals use. Then you put them on trial, alone and together, paired by seed, and answer what a list of tricks
# never says: **which of them help here, by how much, and are eight better than one?**

# %% [markdown]
# ## You will learn
#
# - to mirror, shift, blank and mix a whole batch of pictures without a loop, every picture with draws of its own;
# - to test whether a label survives what you do to its picture;
# - to see that dropout and stochastic depth are one line with two shapes, and why nothing is corrected at prediction;
# - to compute a cross-entropy whose targets are soft, and to say how sure it wants the network to be;
# - to write the step of AdamW, and to show where it parts from an L2 penalty inside of Adam;
# - to run an ablation that someone else would believe: paired by seed, with intervals, and with the failures in it.
#
# ## You need
#
# The labs *cnn-convolution* and *torch-regression* (modules, cross-entropy, the training loop), and *nn-mnist* for
# intervals of paired differences. The network is made of the residual blocks of *cnn-residual-blocks*; here you get
# them ready-made. Batch normalization, the ridge penalty and the numbers that the text calls "the chapter's" are on the
# page of week 6, whose section "Noise on purpose" tells where the tools come from.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn
from torchvision.transforms import v2

import scratchlab
from scratchlab import plot
from scratchlab.pictures import ARTISTS, CLASSES, pictures

lab = scratchlab.start("cnn-regularize", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: learned by heart
#
# The pictures are emoji of ten classes, resized, turned and pasted over crops of two photographs. Two artists drew what
# the network is trained on. It is tested twice: on *new pictures* by the same two hands, and on pictures by the *third
# hand*, whose style it has never seen. Every seed gets training pictures of its own; the tests are the same for all.
#
# The network wants channels first and numbers around 0. Mind what this does to the number 0: after the mean color has
# been subtracted, **0 is the average gray**, the color that says nothing. You will fill holes with it.


# %%
def as_tensor(images: np.ndarray) -> Tensor:
    """Pictures (N, H, W, 3) of bytes as (N, 3, H, W) with mean 0 and deviation 1 in each channel, float32."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return ((x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)).to(lab.device)


def draw(count: int, artists: tuple[str, ...], seed: int) -> tuple[Tensor, Tensor]:
    """`count` pictures (count, 3, S, S) by these artists and their labels (count,), int64, on the lab's device."""
    images, labels = pictures(count, artists, seed=seed, pixels=lab.params["pixels"])
    return as_tensor(images), torch.from_numpy(labels).to(lab.device)


def as_images(x: Tensor) -> np.ndarray:
    """Pictures (N, 3, H, W) around 0 as (N, H, W, 3) from 0 to 1, to look at."""
    return (x.cpu() / 4 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()


# %%
KNOWN = ARTISTS[:2]
tests = {"new pictures": draw(lab.params["test"], KNOWN, seed=1), "the third hand": draw(lab.params["test"], ARTISTS[2:], seed=2)}
training = {seed: draw(lab.params["train"], KNOWN, seed=1000 + seed) for seed in lab.seeds(lab.params["seeds"])}
X, y = training[lab.seed * lab.params["seeds"]]
print(f"for each seed {len(X)} training pictures of shape {tuple(X.shape[1:])}; two tests of {lab.params['test']}")
plot.images(
    as_images(X[:20]),
    titles=[CLASSES[label] for label in y[:20]],
    columns=10,
    height=1.9,
    caption="Twenty training pictures and their classes.",
    alt="Two rows of small blurred color pictures: animals, cars, ships and fruit over crops of a temple and of a flower.",
)

# %% [markdown]
# ## 1. Mirror and shift
#
# A mirrored cat is a cat. So is a cat two pixels further to the left. You know this, and a network with 300 pictures
# does not: to it, each place and each direction is one more thing to learn. *Augmentation* tells it by example. Each
# time that a picture is shown, it is shown differently:
#
# - a **flip** mirrors it left to right, with probability $p$;
# - a **crop** puts a frame of $P$ pixels of average gray around it, and cuts out a window of the old size at a random
#   place. The window's upper left corner is at row $a$ and column $b$ of the framed picture, each drawn evenly from
#   $0, 1, \dots, 2P$. With $a = b = P$ nothing happens.
#
# Two rules make it honest. Every picture of the batch gets **draws of its own**: one draw for all would show the network
# a mirrored batch, not mirrored pictures. And all channels of one picture move **together**, or its colors come apart.
#
# Without a loop this is one act of *indexing*: which row and which column of the framed picture does each pixel of the
# output come from? For picture $n$ the rows are $a_n + (0, 1, \dots, H-1)$, and the columns $b_n + (0, \dots, W-1)$, or
# the same backward. Three index arrays of shapes $(N, 1, 1)$, $(N, H, 1)$ and $(N, 1, W)$ then pick everything at once:
# `framed[n, :, rows, columns]` has the shape $(N, H, W, C)$. (PyTorch puts the axes of the index arrays first when a
# slice stands between them; `permute` brings $C$ back to its place.)
#
# **Predict**: with $P = 2$ and flips, into how many different pictures can one picture turn? And the shape of
# `rng.integers(0, 5, size=(2, 7, 1))`?
#
# **Write** `flip_and_crop`. Draw with `rng`, a NumPy generator: `rng.random(size)` and `rng.integers(low, high, size)`,
# where `high` itself is never drawn. `F.pad(x, (P, P, P, P))` makes the frame.


# %% solution="flip_and_crop"
def flip_and_crop(x: Tensor, rng: np.random.Generator, p: float = 0.5, padding: int = 2) -> Tensor:
    """Each picture of x (N, C, H, W) mirrored left to right with probability p, and shifted by a random crop.

    The crop is a window of H by W in the picture framed with `padding` zeros on all sides; its corner is drawn evenly
    from the (2 padding + 1)² possible ones. Every picture has draws of its own, all from `rng`; its channels share them.
    Returns a new tensor (N, C, H, W) in the dtype of x; picture n of it was made from picture n of x.
    """
    ### BEGIN SOLUTION
    count, _, height, width = x.shape
    top, left = rng.integers(0, 2 * padding + 1, size=(2, count, 1))
    rows, columns = top + np.arange(height), left + np.arange(width)
    columns = np.where(rng.random((count, 1)) < p, columns[:, ::-1], columns)
    framed = F.pad(x, (padding,) * 4)
    rows, columns = torch.from_numpy(rows)[:, :, None], torch.from_numpy(columns)[:, None, :]
    return framed[torch.arange(count)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
    ### END SOLUTION


# %%
rng = np.random.default_rng(0)
tiny = torch.arange(1.0, 7.0).reshape(1, 1, 2, 3)  # 1 2 3 above 4 5 6
assert torch.equal(flip_and_crop(tiny, rng, p=0.0, padding=0), tiny)
assert flip_and_crop(tiny, rng, p=1.0, padding=0).tolist() == [[[[3, 2, 1], [6, 5, 4]]]]
assert flip_and_crop(tiny, rng, padding=5).shape == tiny.shape

# %% check="flip_and_crop" points=2
check("flip_and_crop")

# %% [markdown]
# **See it.** One picture of each of four classes, eight times, as a network would meet it in eight epochs.

# %%
rng = np.random.default_rng(lab.seed)
plot.images(
    as_images(torch.cat([flip_and_crop(X[label : label + 1].expand(8, -1, -1, -1), rng) for label in (1, 4, 6, 9)])),
    columns=8,
    height=3.9,
    caption="Each row is one picture, mirrored and shifted at random. The gray rims are the frame.",
    alt="Four rows of eight small pictures; in each row the same object faces left or right and sits a little higher or lower.",
)

# %% [markdown]
# Would you give all of them their old label? Then the statement is true for these pictures. It is not true of pictures
# as such. Take scikit-learn's handwritten digits and a reader that knows them as they are: each new digit gets the label
# of the most similar one in memory. How many does it still read when they are mirrored, or shifted by one pixel of
# eight?


# %%
def reading_share(change, digits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of the last 797 digits, changed by `change`, that their most similar one of the first 1,000 reads right: (10,)."""
    reader = KNeighborsClassifier(n_neighbors=1).fit(digits[:1000].reshape(1000, -1), labels[:1000])
    right = reader.predict(change(digits[1000:]).reshape(797, -1)) == labels[1000:]
    return np.array([right[labels[1000:] == digit].mean() for digit in range(10)])


# %%
digits, digit_labels = load_digits(return_X_y=True)
digits = digits.reshape(-1, 8, 8)
changes = {
    "as they are": lambda d: d,
    "shifted by 1": lambda d: np.roll(d, 1, axis=1),  # down; the lowest row comes in on top
    "mirrored": lambda d: d[:, :, ::-1],
    "turned by half": lambda d: d[:, ::-1, ::-1],
}
kept = {name: reading_share(change, digits, digit_labels) for name, change in changes.items()}
print("digit          " + "".join(f"{digit:6d}" for digit in range(10)) + "    all")
for name, share in kept.items():
    print(f"{name:14s} " + "".join(f"{each:6.0%}" for each in share) + f"{share.mean():7.0%}")
record("mirrored_digits", kept["mirrored"].mean())
claim("mirroring takes the labels of most digits away", kept["as they are"].mean() > 0.9 and kept["mirrored"].mean() < 0.5)

# %% [markdown]
# A mirrored 8 is an 8. A mirrored 2 is not a 2, and to train with it is to teach errors. Shifting by one pixel costs
# this reader something too, but for another reason: *you* would still read those digits, it is the reader that has
# not learned that place does not matter. That is the difference to look for. **Ask whether a person would keep the
# label; if so, and the machine would not, there is something to learn.** Whoever forgets to ask has chosen the tool for
# its name.
#
# ## 2. Blank a square
#
# A network that knows birds by their beaks is right until a beak is hidden. *Cutout* hides something every time: a
# square of `size` by `size` pixels becomes 0, average gray, in all channels. The center may be **any pixel** of the
# picture, so the square may stick out over the rim. Along one axis with center $c$ it takes the pixels
#
# $$c - \lfloor s/2 \rfloor,\; \dots,\; c - \lfloor s/2 \rfloor + s - 1,$$
#
# as far as they exist. Squares near the rim are cut off, so some pictures lose little. For even $s \le H$ the square
# covers on average $s - s^2/(4H)$ of the $H$ rows: count what sticks out for each $c$, and add up.
#
# **Predict**: 6 by 6 on pictures of 16 by 16. Which share of a picture is blank on average? (If no square were cut off:
# $36/256 = 14\,\%$.)
#
# **Write** `cutout`. A pixel is blank if its row is in the square's rows *and* its column in its columns: compare
# `torch.arange(height)` with the first row of each square, which has the shape $(N, 1)$, likewise the columns, and let
# the two meet as $(N, 1, H, 1)$ and $(N, 1, 1, W)$. `x.masked_fill(mask, 0)` makes a new tensor.


# %% solution="cutout"
def cutout(x: Tensor, size: int, rng: np.random.Generator) -> Tensor:
    """Each picture of x (N, C, H, W) with a square of size by size pixels set to 0 in all channels.

    The center (row, column) is any pixel, all equally likely, drawn from `rng` for each picture; the square begins
    size // 2 pixels above and to the left of it, and what lies outside of the picture is cut off. Returns a new tensor.
    """
    ### BEGIN SOLUTION
    count, _, height, width = x.shape
    top = torch.from_numpy(rng.integers(0, height, (count, 1))) - size // 2
    left = torch.from_numpy(rng.integers(0, width, (count, 1))) - size // 2
    rows, columns = torch.arange(height), torch.arange(width)
    in_rows = (rows >= top) & (rows < top + size)
    in_columns = (columns >= left) & (columns < left + size)
    return x.masked_fill((in_rows[:, None, :, None] & in_columns[:, None, None, :]).to(x.device), 0.0)
    ### END SOLUTION


# %%
blanked = cutout(torch.ones(50, 3, 8, 8), 4, np.random.default_rng(0))
assert blanked.shape == (50, 3, 8, 8)
assert {int(each) for each in (1 - blanked[:, 0]).sum((1, 2))} <= {4, 6, 8, 9, 12, 16}  # 2, 3 or 4 rows by 2, 3 or 4 columns

# %% check="cutout" points=1
check("cutout")

# %% [markdown]
# **See it.** Some squares, and the share of blank pixels against the formula.

# %%
side = lab.params["pixels"]
size = lab.params["cutout"]
covered = float((cutout(torch.ones(4000, 1, side, side), size, np.random.default_rng(lab.seed)) == 0).double().mean())
formula = ((size - size**2 / (4 * side)) / side) ** 2
print(f"blank on average: {covered:.2%}, by the formula {formula:.2%}; without the rims {size**2 / side**2:.2%}")
record("cutout_over_formula", covered / formula)
plot.images(
    as_images(cutout(X[:8], size, np.random.default_rng(1))),
    titles=[CLASSES[label] for label in y[:8]],
    columns=8,
    height=1.2,
    caption="Cutout: a gray square in each picture, cut off where it meets the rim.",
    alt="Eight small pictures, each with a gray square somewhere on it; some squares are only partly inside.",
)

# %% [markdown]
# Is a label still true when the object is under the square? Here the object fills most of the picture. If it were a
# small ball on a large lawn, a square could hide all of it. Look at a hundred before you train with one.
#
# ## 3. Mix two pictures, and their labels
#
# *Mixup* does what nobody would dare with a camera. With a partner $x'$ from the same batch and a weight $a$ between 0
# and 1,
#
# $$\tilde x = a\,x + (1 - a)\,x', \qquad \tilde t = a\,t + (1 - a)\,t',$$
#
# where $t$ is the *target*: $K$ probabilities, at first 1 for the right class and 0 for the others (*one-hot*). The
# label is not preserved, it moves with the picture. The network learns to go from class to class in a straight line,
# and not to jump. The weight is drawn from a *Beta distribution* with both parameters $\alpha$: even at $\alpha = 1$,
# mostly near 0 or 1 for small $\alpha$.
#
# Two details differ between implementations. The weight: **here each picture draws its own**; the authors' code draws
# one for the whole batch. The partner: a random *permutation* of the batch, so that every picture is a partner exactly
# once.
#
# **Predict**: with $\alpha = 0.2$, in which share of the mixtures does one picture have more than 90 %? And in a batch
# of 50 of ten classes, how many mixtures are of two pictures of one class?
#
# **Write** `mixup`. `rng.beta(alpha, alpha, size)` draws weights, in float64: bring them to the dtype and the device of
# `x`. `rng.permutation(n)` draws an order.


# %% solution="mixup"
def mixup(x: Tensor, targets: Tensor, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Each picture of x (N, C, H, W) mixed with a partner of the batch, and its target (N, K) mixed alike.

    Picture n has a weight a of its own from Beta(alpha, alpha), and its partner gets 1 - a. The partners are a random
    permutation of the batch. All draws are from `rng`. Returns new tensors of the shapes and dtypes of x and targets.
    """
    ### BEGIN SOLUTION
    a = torch.from_numpy(rng.beta(alpha, alpha, len(x))).to(x)
    partner = torch.from_numpy(rng.permutation(len(x)))
    of_picture, of_target = a[:, None, None, None], a[:, None].to(targets)
    return of_picture * x + (1 - of_picture) * x[partner], of_target * targets + (1 - of_target) * targets[partner]
    ### END SOLUTION


# %%
mixed, soft = mixup(torch.eye(6).reshape(6, 6, 1, 1), torch.eye(6), 1.0, np.random.default_rng(0))
assert torch.equal(mixed[:, :, 0, 0], soft)  # here the pictures are their own targets: mixed alike
assert torch.allclose(soft.sum(1), torch.ones(6))

# %% check="mixup" points=2
check("mixup")

# %% [markdown]
# **See it.** Eight mixtures with $\alpha = 1$, so that you see mixtures at all, and the weights for a small $\alpha$.

# %%
mixed, soft = mixup(X[:8], F.one_hot(y[:8], 10).float(), 1.0, np.random.default_rng(30))
plot.images(
    as_images(mixed),
    titles=["\n".join(f"{share:.0%} {CLASSES[k]}" for k, share in enumerate(row) if share > 0) for row in soft],
    columns=8,
    height=1.5,
    caption="Mixtures of two training pictures and their targets.",
    alt="Eight small pictures in each of which two objects shine through each other, with two percentages above each.",
)
weights = np.random.default_rng(lab.seed).beta(lab.params["mixup"], lab.params["mixup"], 10_000)
print(
    f"alpha = {lab.params['mixup']:g}: one picture has more than 90 % in {np.mean(np.maximum(weights, 1 - weights) > 0.9):.0%} of the draws"
)

# %% [markdown]
# Can you tell what is in them? If you can, you can also say "more cat than ship", and that is all the target asks.
#
# ## 4. One switch for many sizes
#
# *Dropout* puts noise inside of the network: it sets each number $h$ to 0 with probability $p$ and divides the others
# by $1 - p$. With a random switch $m$ that is 1 with probability $1 - p$,
#
# $$\mathbb E\Big[\frac{h\,m}{1-p}\Big] = h, \qquad \operatorname{Var}\Big(\frac{h\,m}{1-p}\Big) = \frac{p}{1-p}\,h^2 .$$
#
# The mean is right already, so at prediction there is nothing to correct: the layer returns its input. (Early code
# multiplied by $1-p$ at prediction instead; the same in expectation, and easier to forget.)
#
# *Stochastic depth* drops whole branches: in $x + F(x)$ the branch $F(x)$ becomes 0 with probability $p$, for one
# example at a time, and is divided by $1 - p$ otherwise. Look again: that is the same line. What differs is only **how
# many numbers share a switch**, which is the shape of $m$:
#
# | `per` | one switch for | shape of $m$ for $h$ of $(N, C, H, W)$ | in PyTorch |
# | --- | --- | --- | --- |
# | `"unit"` | each number | $(N, C, H, W)$ | `nn.Dropout` |
# | `"channel"` | each channel of each example | $(N, C, 1, 1)$ | `nn.Dropout2d` |
# | `"example"` | each example | $(N, 1, 1, 1)$ | `StochasticDepth(mode="row")` |
# | `"batch"` | everything | $(1, 1, 1, 1)$ | `StochasticDepth(mode="batch")` |
#
# **Predict**: a score is the sum of two units, $h = (1, 1)$ with weights $(2, 2)$, or with weights $(4, 0)$. What are
# its mean and its variance under dropout with $p = \tfrac12$? What are they if both units share one switch?
#
# **Write** `drop`. This noise belongs to the network and not to the data, so it comes from PyTorch's own generator:
# `torch.rand(shape, device=h.device)` is even between 0 and 1.


# %% solution="drop"
def drop(h: Tensor, p: float, per: str = "unit", training: bool = True) -> Tensor:
    """Numbers of h set to 0 with probability p and divided by 1 - p otherwise; outside of training, h as it is.

    h: (N, C, ...), at least two axes. p: at least 0 and below 1. per: which numbers share one switch: "unit" (none),
    "channel" (each of the N C channels), "example" (each of the N examples), or "batch" (all). Never changes h itself.
    """
    ### BEGIN SOLUTION
    if not training:
        return h
    own = {"unit": h.ndim, "channel": 2, "example": 1, "batch": 0}[per]  # so many axes have switches of their own
    shape = (*h.shape[:own], *(1,) * (h.ndim - own))
    return h * (torch.rand(shape, device=h.device) >= p) / (1 - p)
    ### END SOLUTION


# %%
torch.manual_seed(0)
assert set(drop(torch.ones(9, 9), 0.75).unique().tolist()) == {0.0, 4.0}
assert len(drop(torch.ones(5, 4, 3, 3), 0.5, per="channel")[0, 0].unique()) == 1  # one switch for the 3 by 3 places
assert torch.equal(drop(torch.ones(9, 9), 0.75, training=False), torch.ones(9, 9))

# %% check="drop" points=2
check("drop")

# %% [markdown]
# **See it.** The two scores of the prediction, 20,000 times each, and both with a shared switch.

# %%
torch.manual_seed(lab.seed)
spread = {}
for per in ("unit", "example"):
    dropped = drop(torch.ones(20_000, 2), 0.5, per)
    for weights in ((2.0, 2.0), (4.0, 0.0)):
        score = dropped @ torch.tensor(weights)
        spread[per, weights] = float(score.var())
        print(f"one switch per {per:8s} weights {weights}   mean {score.mean():.2f}   variance {spread[per, weights]:.2f}")
claim(
    "dropout makes relying on one unit twice as costly; one switch for both units makes no difference",
    abs(spread["unit", (4.0, 0.0)] / spread["unit", (2.0, 2.0)] - 2) < 0.1
    and abs(spread["example", (4.0, 0.0)] / spread["example", (2.0, 2.0)] - 1) < 0.1,
)

# %% [markdown]
# A loss that pays for variance will prefer two witnesses to one, if the witnesses can be silenced one by one. That is
# dropout's lesson. Stochastic depth teaches another: *no block may count on the blocks before it*, and in the mean the
# network is shorter.
#
# ## 5. Targets that allow doubt
#
# The cross-entropy of a target $t$ and the probabilities $q = \operatorname{softmax}(z)$ of the logits $z$ is
#
# $$L = -\sum_{k} t_k \ln q_k ,$$
#
# averaged over the examples. With a one-hot target only one term is left. It falls as long as the right logit grows, so
# training never has enough: it wants $q = 1$ and an infinite lead. *Label smoothing* moves a share $\epsilon$ of each
# target evenly to all $K$ classes:
#
# $$\tilde t_k = (1 - \epsilon)\,t_k + \frac{\epsilon}{K} .$$
#
# The right class gets a share too. The loss is now least at $q = \tilde t$, at a finite lead of
# $\ln(\tilde t_{\text{right}} / \tilde t_{\text{other}})$. The formula does not care where $t$ came from, so it also
# takes the soft targets of `mixup`.
#
# **Predict**: $K = 10$, $\epsilon = 0.1$. Which target has the right class, which have the others, and what is the best
# lead?
#
# **Write** `smooth_cross_entropy` with `logits.log_softmax(1)`. Targets that are class numbers, of shape $(N,)$, become
# one-hot first: `F.one_hot(targets, K)`. It gives integers; `.to(logits.dtype)` makes them what the rest is.


# %% solution="smooth_cross_entropy"
def smooth_cross_entropy(logits: Tensor, targets: Tensor, eps: float = 0.0) -> Tensor:
    """Mean cross-entropy with label smoothing, a tensor of shape ().

    logits: (N, K). targets: class numbers (N,), int64, or probabilities (N, K). eps: the share, 0 to 1, that each target
    gives to all K classes equally.
    """
    ### BEGIN SOLUTION
    classes = logits.shape[1]
    if targets.ndim == 1:
        targets = F.one_hot(targets, classes).to(logits.dtype)
    soft = (1 - eps) * targets + eps / classes
    return -(soft * logits.log_softmax(1)).sum(1).mean()
    ### END SOLUTION


# %%
ignorant = torch.zeros(4, 10)  # logits of a network that finds all ten classes equally likely: its loss is ln 10
assert abs(smooth_cross_entropy(ignorant, torch.tensor([1, 2, 3, 4]), 0.1).item() - np.log(10)) < 1e-6
assert abs(smooth_cross_entropy(ignorant, torch.full((4, 10), 0.1)).item() - np.log(10)) < 1e-6

# %% check="smooth_cross_entropy" points=1
check("smooth_cross_entropy")

# %% [markdown]
# **See it.** Ten logits, no network, and gradient descent on the loss alone. How far does the right one run?


# %%
def leads(eps: float, steps: int = 1000, rate: float = 1.0) -> list[float]:
    """The lead of the right logit over the others at each step of gradient descent on ten free logits."""
    logits, found = torch.zeros(1, 10, requires_grad=True), []
    for _ in range(steps):
        (slope,) = torch.autograd.grad(smooth_cross_entropy(logits, torch.tensor([3]), eps), logits)
        logits = (logits - rate * slope).detach().requires_grad_()
        found.append(float(logits.detach()[0, 3] - logits.detach()[0, 4]))
    return found


# %%
hard, smoothed = leads(0.0), leads(0.1)
print(f"lead after 300 steps: hard {hard[299]:.2f}, smoothed {smoothed[299]:.2f}; after 1,000: {hard[-1]:.2f} and {smoothed[-1]:.2f}")
claim("smoothing by 0.1 stops the lead at ln(0.91 / 0.01)", abs(smoothed[-1] - np.log(91)) < 0.01)
claim("with hard targets the lead grows on and on", hard[-1] > hard[299] + 1)
plot.lines(
    {"hard targets": hard, "smoothed by 0.1": smoothed, "ln(0.91 / 0.01)": [np.log(91)] * len(hard)},
    x="step",
    y="lead of the right logit",
    caption="How far ahead the loss wants the right logit to be.",
    alt="Two rising curves; the one for smoothed targets flattens on a horizontal line at 4.5, the other goes on rising.",
)

# %% [markdown]
# ## 6. Decay that is not a gradient
#
# The oldest tool pulls every weight towards 0. As a penalty $\tfrac12\lambda\lVert w\rVert^2$ it adds $\lambda w$ to the
# gradient. Under plain gradient descent that is the same as shrinking $w$ by the factor $1 - \eta\lambda$ in each step.
# Adam, however, divides what it is given by its typical size. With the gradient $g$ and $t = 1, 2, \dots$,
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\,g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\,g^2, \qquad
# u = \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon},$$
#
# where the two divisions by $1 - \beta^t$ make up for the start at 0. If $\lambda w$ is inside of $g$, it is divided as
# well: weights with small gradients are pulled hard, those with large ones hardly. *AdamW* keeps it outside, the same
# for all:
#
# $$w \leftarrow (1 - \eta\lambda)\,w - \eta\,u .$$
#
# Not all, by custom: **biases, and gains and shifts of normalizations, are left alone.** They are few, and pulling a
# gain to 0 would silence its channel. They are also easy to tell: they have one axis, while the weights of linear and
# convolutional layers have two or four.
#
# **Predict**: two weights of 1 with $\lambda = 0.01$; their gradients only fluctuate, one with size 1, the other with
# size 0.01. Which one does Adam with the penalty inside shrink more, and about how many times as fast?
#
# **Write** `adamw_step`.


# %% solution="adamw_step"
def adamw_step(
    w: Tensor, grad: Tensor, m: Tensor, v: Tensor, t: int, lr: float, decay: float, betas: tuple[float, float] = (0.9, 0.999)
) -> tuple[Tensor, Tensor, Tensor]:
    """Step number t = 1, 2, ... of AdamW with learning rate lr; decay is λ, and ε is 1e-8.

    w, grad, m, v have one shape; m and v start as zeros. A tensor with fewer than two axes does not decay.
    Returns the new w, m and v; the arguments are left as they are.
    """
    ### BEGIN SOLUTION
    (beta1, beta2), decay = betas, decay if w.ndim > 1 else 0.0
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    u = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + 1e-8)
    return (1 - lr * decay) * w - lr * u, m, v
    ### END SOLUTION


# %%
zero = torch.zeros(1, 1)
w, m, v = adamw_step(torch.ones(1, 1), torch.full((1, 1), 5.0), zero, zero, t=1, lr=0.1, decay=0.5)
assert torch.allclose(w, torch.tensor(0.85))  # 1 · (1 − 0.05), and a first step of 0.1 whatever the size of the gradient
assert torch.allclose(adamw_step(torch.ones(1), torch.ones(1), torch.zeros(1), torch.zeros(1), 1, 0.1, 0.5)[0], torch.tensor(0.9))

# %% check="adamw_step" points=2
check("adamw_step")

# %% [markdown]
# **See it.** The prediction's two weights, 500 of each kind because the gradients are random: size 1 or 0.01, with a
# random sign in each step. Once with the decay outside, once with $\lambda w$ added to the gradient.


# %%
def remaining(inside: bool, steps: int = 1000, lr: float = 1e-3, decay: float = 0.01) -> np.ndarray:
    """What is left of weights of 1 after each step, mean over 500: (steps, 2), for gradients of size 1 and of size 0.01."""
    generator = torch.Generator().manual_seed(lab.seed)
    w, m, v, found = torch.ones(2, 500), torch.zeros(2, 500), torch.zeros(2, 500), []
    for t in range(1, steps + 1):
        grad = torch.tensor([[1.0], [0.01]]) * (2 * torch.randint(2, (2, 500), generator=generator) - 1)
        w, m, v = adamw_step(w, grad + decay * w if inside else grad, m, v, t, lr, 0.0 if inside else decay)
        found.append(w.mean(1).numpy())
    return np.array(found)


# %%
outside, inside = remaining(inside=False), remaining(inside=True)
print(
    f"left after 1,000 steps, decay outside: {outside[-1, 0]:.3f} and {outside[-1, 1]:.3f}; inside: {inside[-1, 0]:.3f} and {inside[-1, 1]:.3f}"
)
record("left_inside_small_gradients", inside[-1, 1])
claim("AdamW shrinks both kinds alike", abs(outside[-1, 0] - outside[-1, 1]) < 0.05)
claim("inside of Adam, weights with small gradients shrink far more", inside[-1, 0] > 0.93 and inside[-1, 1] < 0.6)
plot.lines(
    {
        "AdamW, gradients of size 1": outside[:, 0],
        "AdamW, size 0.01": outside[:, 1],
        "L2 in Adam, size 1": inside[:, 0],
        "L2 in Adam, size 0.01": inside[:, 1],
    },
    x="step",
    y="mean weight",
    caption="The same λ, decoupled and as a penalty inside of Adam.",
    alt="Three curves stay close to 1; the fourth, the penalty with small gradients, falls to about a half.",
)

# %% [markdown]
# All four lines were given the same $\lambda$. Compare the two of AdamW with each other, then the two of the penalty. In
# the lowest line the random signs cancel in $m$ while the penalty does not, so Adam takes the penalty for the news, and
# scales it up to a whole step. Whoever has the smaller gradients is punished more: nobody would have ordered that.
#
# ## 7. A fair ablation
#
# Now the trial. What a tool adds *to nothing* and what is lost *without* it are two questions, so the full design has
# 18 arms: none, each of the eight alone, all but each, and all. On a CPU you run 11 of them: none, each alone, the pair
# of flips and crops, and all. What makes it fair:
#
# - **Paired.** Each seed stands for its own training pictures, starting weights and order of batches, the same in every
#   arm. You compare differences within a seed, and what made that seed easy or hard cancels.
# - **The same tries for each.** Here one: strengths and learning rate were set beforehand and tuned for no arm.
# - **Two tests,** new pictures by known hands and pictures by the third hand, and two measures: accuracy, and the
#   cross-entropy, which also counts how sure the network was when it was wrong.
# - **Intervals,** by Student's $t$ over the seeds. There will be ten differences for each column. With 95 % intervals,
#   expect one in twenty to miss the truth, and so to look like an effect where there is none.
#
# The network: residual blocks, on a CPU two of them with 24 channels. Branch $l$ of $L$ is dropped with probability
# $p\,l/L$, the linear rule of Huang and others; dropout stands behind the last normalization, where it misleads none.


# %%
class Block(nn.Module):
    """A residual block: (N, inputs, H, W) -> (N, outputs, H / stride, W / stride); its branch is dropped with probability p."""

    def __init__(self, inputs: int, outputs: int, stride: int, p: float):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut, self.p = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False), p

    def forward(self, x: Tensor) -> Tensor:
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(self.shortcut(x) + drop(branch, self.p, "example", self.training))


class ResNet(nn.Module):
    """A small residual network: pictures (N, 3, S, S) -> logits (N, 10)."""

    def __init__(self, width: int, blocks: int, depth: float, dropout: float):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        sizes = [(width, 2 * width, 2), *[(2 * width, 2 * width, 1)] * (blocks - 1)]
        self.blocks = nn.Sequential(*(Block(*size, depth * (k + 1) / blocks) for k, size in enumerate(sizes)))
        self.head, self.dropout = nn.Linear(2 * width, 10), dropout

    def forward(self, x: Tensor) -> Tensor:
        return self.head(drop(self.blocks(self.stem(x)).mean((2, 3)), self.dropout, "unit", self.training))


# %%
TOOLS = ("flips", "crops", "cutout", "mixup", "dropout", "depth", "smoothing", "decay")


def strengths(arm: tuple[str, ...]) -> dict[str, float]:
    """The strength of each tool: that of the profile if the arm has it, 0 if it has not."""
    return {tool: lab.params[tool] if tool in arm else 0 for tool in TOOLS}


def augmented(x: Tensor, targets: Tensor, use: dict[str, float], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch as the network gets to see it: pictures (N, 3, S, S), targets (N, 10)."""
    if use["flips"] or use["crops"]:
        x = flip_and_crop(x, rng, p=use["flips"], padding=use["crops"])
    if use["cutout"]:
        x = cutout(x, use["cutout"], rng)
    return mixup(x, targets, use["mixup"], rng) if use["mixup"] else (x, targets)


def optimizer_for(model: nn.Module, decay: float) -> torch.optim.Optimizer:
    """PyTorch's AdamW, whose step you have built: decay for the weights of layers, none for whatever has one axis."""
    weights, rest = ([each for each in model.parameters() if (each.ndim > 1) == many] for many in (True, False))
    groups = [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lab.params["rate"], fused=True)  # fused: the same step, computed in one go


# %%
def train(arm: tuple[str, ...], x: Tensor, y: Tensor, seed: int) -> nn.Module:
    """A network trained with the tools in `arm` on pictures (n, 3, S, S) and labels (n,)."""
    use, targets = strengths(arm), F.one_hot(y, 10).float()
    torch.manual_seed(seed)
    rng, order = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    model = ResNet(lab.params["width"], lab.params["blocks"], use["depth"], use["dropout"]).to(lab.device)
    optimizer = optimizer_for(model, use["decay"])
    batches = lab.params["epochs"] * -(-len(x) // lab.params["batch"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, batches)
    for _ in range(lab.params["epochs"]):
        for rows in torch.randperm(len(x), generator=order).split(lab.params["batch"]):
            pictures_seen, goals = augmented(x[rows], targets[rows], use, rng)
            loss = smooth_cross_entropy(model(pictures_seen), goals, use["smoothing"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def measure(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Accuracy and mean cross-entropy in nats on pictures as they are, without any tool."""
    logits = model(x)
    return float((logits.argmax(1) == y).float().mean()), float(F.cross_entropy(logits, y))


# %% [markdown]
# **Predict**, and write it down: which tool alone will gain the most on new pictures? Will all eight together gain more
# than the sum of the eight gains, less, or nothing at all? Then run the cell; it is the longest of the lab.

# %%
ARMS = {"none": (), **{tool: (tool,) for tool in TOOLS}, "flips+crops": ("flips", "crops"), "all": TOOLS}
if lab.params["design"] == "full":
    ARMS |= {f"all but {tool}": tuple(each for each in TOOLS if each != tool) for tool in TOOLS}
COLUMNS = ("training", *tests)
results = {name: [] for name in ARMS}  # for each seed: accuracy and loss on training pictures, new pictures, third hand
for seed, (X, y) in training.items():
    for name, arm in ARMS.items():
        model = train(arm, X, y, seed)
        results[name].append([measure(model, *data) for data in ((X, y), *tests.values())])
results = {name: np.array(found) for name, found in results.items()}  # (seeds, 3, 2)


# %%
def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, and the two ends of its 95 % interval by Student's t; values: one per seed, (n,)."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


def gain(name: str, column: int, measured: int = 0, over: str = "none") -> np.ndarray:
    """What `name` is above the arm `over`, seed by seed: (seeds,). measured: 0 for accuracy, 1 for loss."""
    return results[name][:, column, measured] - results[over][:, column, measured]


# %%
print(f"{'':14s} training        new pictures                          third hand")
print(f"{'arm':14s} right   loss    right   gain in points      loss      right   gain in points      loss")
for name, found in results.items():
    mean = found.mean(0)
    line = f"{name:14s} {mean[0, 0]:5.0%} {mean[0, 1]:6.2f}"
    for column in (1, 2):
        middle, low, high = 100 * np.array(interval(gain(name, column)))
        paired = "" if name == "none" else f"{middle:+5.1f} ({low:+.1f}, {high:+.1f})"
        line += f"   {mean[column, 0]:6.1%}  {paired:20s} {mean[column, 1]:4.2f}"
    print(line)

# %%
names = [name for name in ARMS if name != "none"]
with plot.figure(
    caption="Gain in accuracy over the arm without tools, paired by seed, with 95 % intervals. Left of the line a tool does harm.",
    alt="For each arm two dots with horizontal bars. Crops, flips and both together lie to the right of zero; most of the others straddle it.",
    width=6.4,
    height=0.3 * len(names) + 1.2,
) as ax:
    for column, marker, color in ((1, "o", plot.COLORS[0]), (2, "s", plot.COLORS[1])):
        ends = 100 * np.array([interval(gain(name, column)) for name in names])
        heights = np.arange(len(names)) + 0.12 * (2 * column - 3)
        ax.errorbar(
            ends[:, 0],
            heights,
            xerr=[ends[:, 0] - ends[:, 1], ends[:, 2] - ends[:, 0]],
            fmt=marker,
            color=color,
            capsize=3,
            label=COLUMNS[column],
        )
    ax.axvline(0, color=plot.NEUTRAL, linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("gain in points")
    ax.legend()

# %%
alone = np.array([gain(tool, 1, 1) for tool in TOOLS])  # change of the loss on new pictures by each tool: (8, seeds)
moved = np.mean([gain(name, 1) for name in ("flips", "crops", "flips+crops")], axis=0)
record("accuracy_none", results["none"][:, 1, 0].mean())
record("third_hand_none", results["none"][:, 2, 0].mean())
record("loss_none", results["none"][:, 1, 1].mean())
record("loss_cut_by_crops", -gain("crops", 1, 1).mean())
record("loss_cut_of_all_to_sum", gain("all", 1, 1).mean() / alone.sum(0).mean())
record("training_loss_all", results["all"][:, 0, 1].mean())
record("gain_of_moving", moved.mean())
claim("without tools, the network knows its training pictures by heart: at least 97 % right", results["none"][:, 0, 0].mean() >= 0.97)
for name in ("crops", "flips+crops"):
    for column in (1, 2):
        claim(f"{name} cut the loss on {COLUMNS[column]}: the 95 % interval is below 0", interval(gain(name, column, 1))[2] < 0)
claim("each of the eight alone cuts the loss on new pictures, in the mean over seeds", alone.mean(1).max() < 0)
claim("arms that only mirror or shift gain accuracy on new pictures, in the mean over seeds", moved.mean() > 0)
claim(
    "what all eight cut from the loss is less than half of the sum of what each cuts alone",
    gain("all", 1, 1).mean() > 0.5 * alone.sum(0).mean(),
)
claim("with all eight, the loss on the training pictures rises by more than 0.5 on every seed", gain("all", 0, 1).min() > 0.5)
if lab.params["design"] == "short":
    claim(
        "after so short a training, all eight are less accurate than flips and crops alone", gain("all", 1, over="flips+crops").mean() < 0
    )

# %% [markdown]
# Read the table from the left. *Without tools* the network knows its training pictures by heart, and on new ones it is so
# sure of its mistakes that its loss is about that of guessing, $\ln 10 = 2.3$, or worse, although it is right far more
# often than one time in ten. **That is overfitting, and the loss shows it more clearly than the accuracy.**
#
# Then the gains. Flips and crops tell the network something about pictures that it could not know, what mirroring and
# shifting change (nothing). Where is the largest gain in accuracy, and is its interval above 0 on the third hand, too?
# All eight lower the loss, for all of them keep the network from being sure; but several leave the accuracy about where
# it was, and their intervals lie across the line. Do not say "they do nothing". Say that a trial of this size cannot
# tell a small effect from none.
#
# Last, *all*. On the training pictures it is nearly as wrong as on new ones: nothing is overfitted any more, and little
# is learned. The eight effects do not add up, because each of them cures the same illness. **And regularization is paid
# for in training time**: what is right for 600 epochs can be wrong for two dozen. So an ablation holds for its length of
# training and its amount of data, and has to name both.
#
# ## Against the real thing
#
# Seven of the eight are in PyTorch and torchvision, and cutout has a cousin there. Where the library does the same thing,
# your numbers must be the same; where it makes a choice of its own, you should know which.


# %%
def views(x: Tensor, padding: int) -> Tensor:
    """All mirrored and shifted versions of x (N, C, H, W), made by torchvision: (2 (2 padding + 1)², N, C, H, W)."""
    framed = v2.functional.pad(x, [padding] * 4)
    corners = [(top, left) for top in range(2 * padding + 1) for left in range(2 * padding + 1)]
    cropped = [v2.functional.crop(framed, top, left, *x.shape[2:]) for top, left in corners]
    return torch.stack(cropped + [v2.functional.horizontal_flip(each) for each in cropped])


# %%
x = X[:200]
mine = flip_and_crop(x, np.random.default_rng(lab.seed))
found = (views(x, 2) == mine).flatten(2).all(2).any(0)  # for each picture: is my version among torchvision's 50?
print(f"of {len(x)} mirrored and shifted pictures, {int(found.sum())} are exactly a version that torchvision makes")
claim("each mirrored and shifted picture is one of torchvision's 50 versions of it", bool(found.all()))
logits, labels = torch.randn(64, 10, dtype=torch.float64), torch.arange(64) % 10
soft = torch.rand(64, 10, dtype=torch.float64).softmax(1)
loss_gap = max(
    float((smooth_cross_entropy(logits, targets, 0.1) - F.cross_entropy(logits, targets, label_smoothing=0.1)).abs())
    for targets in (labels, soft)
)
record("loss_gap", loss_gap)

# %% [markdown]
# Next the optimizer: a residual network, ten steps, in float64, with decay for weights only. `torch.optim.AdamW` gets
# two groups of parameters, as in the experiment; your step finds out for itself.


# %%
def ten_steps(x: Tensor, y: Tensor) -> float:
    """The largest difference, after ten steps on one batch, between parameters moved by torch and by `adamw_step`."""
    torch.manual_seed(lab.seed)
    model = ResNet(8, 2, depth=0.0, dropout=0.0).double().to(x.device)
    optimizer = optimizer_for(model, decay=0.5)
    own = [(each.detach().clone(), torch.zeros_like(each), torch.zeros_like(each)) for each in model.parameters()]
    for t in range(1, 11):
        optimizer.zero_grad()
        smooth_cross_entropy(model(x), y, 0.1).backward()
        slopes = [each.grad for each in model.parameters()]
        own = [adamw_step(w, g, m, v, t, lab.params["rate"], 0.5) for (w, m, v), g in zip(own, slopes, strict=True)]
        optimizer.step()
    return max(float((each - w).detach().abs().max()) for each, (w, _, _) in zip(model.parameters(), own, strict=True))


# %%
record("adamw_gap", ten_steps(X[:32].double(), y[:32]))
torch.manual_seed(lab.seed)
ones = torch.ones(1000, 8, 2, 2)
theirs = {
    "unit": nn.Dropout(0.3),
    "channel": nn.Dropout2d(0.3),
    "example": torchvision.ops.StochasticDepth(0.3, mode="row"),
    "batch": torchvision.ops.StochasticDepth(0.3, mode="batch"),
}
print("noise of rate 0.3 on ones    mean   variance (p / (1 − p) = 0.43)   switches that differ within the first example")
for per, layer in theirs.items():
    for who, noisy in (("yours", drop(ones, 0.3, per)), ("theirs", layer.train()(ones))):
        print(f"{per:10s} {who:17s} {noisy.mean():5.2f} {noisy.var():10.2f} {len(noisy[0].unique()) > 1!s:>35s}")

# %% [markdown]
# One switch for all 32,000 numbers leaves no variance *within* the batch, and a mean that is anything but 1: the noise
# is between batches. Now the two whose draws differ by design.

# %%
torch.manual_seed(lab.seed)
picture, target = v2.MixUp(alpha=1.0, num_classes=10)(X[:50], y[:50])
shares = F.one_hot(y[:50], 10).float().to(target)
a = float(((target - shares.roll(1, 0)) * (shares - shares.roll(1, 0))).sum() / (shares - shares.roll(1, 0)).square().sum())
rebuilt = a * X[:50] + (1 - a) * X[:50].roll(1, 0)
print(
    f"v2.MixUp: one weight {a:.3f} for the whole batch, each picture's partner is its neighbor: off by {(picture - rebuilt).abs().max():.0e}"
)
erase = v2.RandomErasing(p=1.0, scale=(0.02, 0.33))
areas = [float((erase(torch.ones(1, side, side)) == 0).double().mean()) for _ in range(500)]
whole = (cutout(torch.ones(500, 1, side, side), size, np.random.default_rng(0)) == 0).double().mean((1, 2, 3))
print(
    f"v2.RandomErasing: rectangles of {min(areas):.0%} to {max(areas):.0%} of the picture, never cut off; cutout: {whole.min():.0%} to {whole.max():.0%}"
)
claim("torchvision's mixup is a single weight and the neighbor in the batch", float((picture - rebuilt).abs().max()) < 1e-5)

# %% [markdown]
# `v2.MixUp` mixes each picture with its neighbor: the same as a permutation if the batch was shuffled, and wrong if it was
# not. `RandomErasing` draws area and shape, and keeps the rectangle inside; the papers on the two appeared within days
# of each other. What the library does better: it applies the same flip to a picture, its boxes and its masks, runs on
# whatever device the batch is on, and reads bytes. What it leaves to you: whether the label survives.

# %% [markdown] answer="verdict" points=2
# ## In your own words
#
# 1. A colleague trains on 5,000 chest X-rays and reports: "We used flips, crops, mixup and label smoothing; together
#    they raised the accuracy from 81.0 % to 81.9 %." Name three things that you would want to know or see changed
#    before you believe that the four tools help, and say why for each.
# 2. In your table, choose a tool whose interval of gain in accuracy lies across 0, and yet whose loss on new pictures
#    is lower than without it. How can both be true? Should you use this tool?
#
# ### BEGIN SOLUTION
# 1. Is the label preserved? A mirrored chest has its heart on the wrong side, which is itself a finding; a tight crop can
#    cut off what the label is about. Is the difference larger than chance? That takes several seeds or splits, both
#    arms trained on the same ones, and an interval of the paired differences; one run each shows nothing at 0.9
#    points. Which of the four did it? They went in together, so one may help and one may harm: each alone, and all
#    but each. (Also: were the arms trained equally long and tuned with equally many tries, were patients kept on one
#    side of the split, was the test set used to choose?)
# 2. Accuracy asks only which class comes first, the cross-entropy also how sure the network was. A tool such as label
#    smoothing or dropout makes it less sure; where it was wrong, it then loses less, even though the first class
#    is the same. Use it if probabilities matter to whoever reads them (after comparing it with a temperature, as in
#    *nn-mnist*); for the accuracy there is no evidence, and an interval across 0 is no evidence of absence either.
#
# *Rubric*: 1 point for part 1: a third for each of three valid objections with a reason (labels under flips of X-rays,
# no seeds or intervals or pairing, four tools confounded, unequal tuning or training time, leaks). 1 point for part 2:
# half for accuracy against confidence, half for a recommendation that fits a stated purpose and does not read "not
# shown" as "no effect".
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **One draw for the batch.** `if rng.random() < 0.5` mirrors everything or nothing; the gradient of a step then sees
#   one direction only.
# - **Augmenting before the split, or the test pictures.** Near-copies leak in the first case; in the second the score is
#   about pictures that nobody will send.
# - **Padding with 0 before the mean is subtracted.** There 0 is black: each crop gets a black edge that says which way it
#   was shifted. Normalize first.
# - **Mixing pictures and targets with different partners or weights.** It trains without an error, and teaches nonsense.
# - **Forgetting `model.eval()`.** Dropout goes on at prediction, and the same picture gets another answer each time.
# - **Dropout in front of a batch normalization.** The normalization remembers a variance that evaluation does not have.
# - **`torch.optim.Adam(weight_decay=...)`.** That is the penalty inside. `AdamW` is the other one.
# - **Rates below 1 called keep rates.** In PyTorch, $p$ is the probability to *drop*; some papers and libraries give the
#   other one.
# - **Two intervals that overlap, taken for "no difference".** Look at the interval of the paired difference.
#
# ## Scale it up
#
# The `gpu` profile runs the full design with pictures of 32 by 32, seven times as many of them, a wider and deeper
# network, and more epochs and seeds. Predict before you run it: which of the tools that harmed or did nothing here will
# pay there? Then compare *all* with *all but each*: a tool can be useless alone and missed in company, or the reverse.
# There is no profile of its own for an H100: these networks are too small to fill one.
#
# In *cnn-transfer* you do something else about few labels: you bring the features along.
#
# ## Exercises
#
# 1. [conceptual] For each of these, name an augmentation that keeps the label and one that does not: street signs,
#    satellite pictures of fields, ripe and unripe tomatoes, handwriting. *Success*: for each, someone else labels ten
#    augmented pictures as you predicted.
# 2. [short-code] Write *CutMix*: a rectangle of the partner is pasted in, and the targets are mixed by its **actual** area.
#    *Success*: on pictures whose every pixel is 1 or 0 the target equals the mean of the picture to 1e-6, also where the
#    rectangle was cut off at the rim.
# 3. [short-code] Ask when *all* catches up: train "flips+crops" and "all" for 20, 40, 80 and 160 epochs, three seeds
#    each. *Success*: a figure of both accuracies against epochs, with intervals, and a sentence on where they cross or
#    that they do not.
# 4. [short-code] Average the network's answers over a test picture and its mirror image. *Success*: the paired gain with its
#    interval for "none" and for "flips", and an explanation of which of the two gains more.
# 5. [extended] A trial of ten tools that do nothing: draw ten columns of as many differences as you had seeds, normal with
#    mean 0. How often does at least one of the ten 95 % intervals miss 0? Correct for it after Bonferroni and after
#    Holm. *Success*: over 10,000 trials, rates within one point of $1 - 0.95^{10}$ without and of at most 5 % with a
#    correction.
#
# ## References
#
# - T. DeVries and G. Taylor (2017). *Improved regularization of convolutional neural networks with cutout.*
#   <https://arxiv.org/abs/1708.04552>. Section 3: why centers near the rim matter.
# - Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang (2020). *Random erasing data augmentation.* AAAI.
#   <https://arxiv.org/abs/1708.04896>.
# - H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz (2018). *mixup: beyond empirical risk minimization.* ICLR.
#   <https://arxiv.org/abs/1710.09412>. Section 2.
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014). *Dropout: a simple way to prevent
#   neural networks from overfitting.* Journal of Machine Learning Research 15, 1929–1958, section 4.
#   <https://jmlr.org/papers/v15/srivastava14a.html>.
# - G. Huang, Y. Sun, Z. Liu, D. Sedra and K. Weinberger (2016). *Deep networks with stochastic depth.* ECCV, section 3.
#   <https://arxiv.org/abs/1603.09382>.
# - C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna (2016). *Rethinking the Inception architecture for computer
#   vision.* CVPR, section 7. <https://arxiv.org/abs/1512.00567>. Label smoothing.
# - R. Müller, S. Kornblith and G. Hinton (2019). *When does label smoothing help?* NeurIPS.
#   <https://arxiv.org/abs/1906.02629>.
# - I. Loshchilov and F. Hutter (2019). *Decoupled weight decay regularization.* ICLR, section 2.
#   <https://arxiv.org/abs/1711.05101>.
# - X. Li, S. Chen, X. Hu and J. Yang (2019). *Understanding the disharmony between dropout and batch normalization by variance
#   shift.* CVPR. <https://arxiv.org/abs/1801.05134>.
# - R. Wightman, H. Touvron and H. Jégou (2021). *ResNet strikes back: an improved training procedure in timm.*
#   <https://arxiv.org/abs/2110.00476>. Sections 3 and 4: recipes for 100, 300 and 600 epochs differ.
# - S. Yun, D. Han, S. Oh, S. Chun, J. Choe and Y. Yoo (2019). *CutMix: regularization strategy to train strong classifiers
#   with localizable features.* ICCV. <https://arxiv.org/abs/1905.04899>. Exercise 2.
# - The drawings: OpenMoji (CC BY-SA 4.0), <https://openmoji.org>; Twemoji (CC BY 4.0),
#   <https://github.com/jdecked/twemoji>; Noto Emoji (Apache-2.0), <https://github.com/googlefonts/noto-emoji>. The
#   photographs behind them are scikit-learn's sample images. The digits: E. Alpaydin and C. Kaynak (1998), *Optical
#   Recognition of Handwritten Digits*, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>.
