# %% [markdown]
# # Transfer learning
#
# You have a hundred labeled pictures of ten kinds of things. A network with four million weights cannot be trained on
# that, but one that has been trained on a million photographs can be *borrowed*. You will take EfficientNet-Lite0, with
# its real weights from ImageNet, and teach it your ten classes in three ways that build on each other: with all of it
# frozen, with its stages thawing one after another, and with a learning rate for each depth. The question is worth money
# wherever labels are: **how much better is a borrowed network than one of your own, and does it stay better when the
# pictures change their style?**

# %% [markdown]
# ## You will learn
#
# - to freeze a part of a network so that it really is frozen: weights, running statistics and dropout, bit for bit;
# - to compute features once and train on them many times, and to feed a network what it was trained on;
# - to fit a linear probe, and to recognize when it has found its minimum;
# - to give every stage a learning rate of its own, and to spare biases and BatchNorm from weight decay;
# - to thaw stages during training without losing what the optimizer remembers;
# - to compare training from scratch, a probe and fine-tuning at a tenth of the labels, with intervals, on pictures like
#   the training pictures and on pictures by an artist who was never seen.
#
# ## You need
#
# The labs *torch-regression* (modules, losses, a training loop) and *cnn-convolution* (convolutions, strides, groups).
# The page of this week says why features transfer, what BatchNorm does in its two modes, and why the probe comes before
# fine-tuning; here you need only that BatchNorm normalizes with the batch in training mode, and with *running
# statistics* in evaluation mode.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from sklearn.datasets import load_sample_image
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

import scratchlab
from scratchlab import pictures, plot

lab = scratchlab.start("cnn-transfer", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: one label in ten
#
# The pictures stand in for a collection of your own. Each shows an emoji of one of ten classes, pasted over a piece of a
# photograph, turned, mirrored and darkened by chance. Three artists drew the emoji. Two of them, the *known* artists,
# made your collection. The third is *held out*: nothing will ever be trained on her pictures, and they show what happens
# when a model meets a style that it was not shown.
#
# Imagine a collection of 1,000 pictures of which you can afford to label one tenth. Every run of the experiment labels
# another tenth, so only those pictures are made here.

# %%
KNOWN, HELD_OUT = ("openmoji", "twemoji"), ("noto-emoji",)
CLASSES = pictures.CLASSES
side, labeled, runs = lab.params["pixels"], lab.params["labeled"], lab.params["runs"]
first = 100_000 + 10 * lab.seed  # seeds of the pictures: other runs get others, and none of them helped to choose the recipe
train_images, train_labels = pictures.pictures(runs * labeled, KNOWN, first, side)
known_images, known_labels = pictures.pictures(lab.params["tests"], KNOWN, first + 1, side)
held_images, held_labels = pictures.pictures(lab.params["tests"], HELD_OUT, first + 2, side)
print(f"training {train_images.shape} {train_images.dtype}: {runs} tenths of {labeled} pictures with labels")
print(f"tests    {known_images.shape} by known artists and {held_images.shape} by the one held out")
plot.images(
    np.concatenate([known_images[:10], held_images[:10]]),
    titles=[*CLASSES, *CLASSES],
    columns=10,
    caption="One picture of each class. Above: by the known artists. Below: by the artist who is held out.",
    alt="Two rows of ten small pictures: emoji of animals, vehicles and fruit on photographs; the lower row is drawn in another style.",
)

# %% [markdown]
# The classes come in turn, so every block of ten pictures holds each class once, and each tenth has as many pictures of
# every class.
#
# ## The borrowed network
#
# EfficientNet-Lite0 is a chain of *inverted bottlenecks*: a 1 by 1 convolution widens the channels, a *depthwise* one
# (one filter for each channel) looks around, another 1 by 1 narrows them again; where shapes allow it, the input is added
# to the result. The blocks are grouped into *stages*; a stage may halve the picture. You need not know more to transfer
# it, but you should see that there is no magic in it: these two cells and 4.65 million numbers are all.


# %%
class SameConv2d(nn.Conv2d):
    """A convolution that pads with zeros so that ceil(size / stride) places remain; the odd zero goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, F, ceil(H / stride), ceil(W / stride))."""
        k, stride = self.kernel_size[0], self.stride[0]
        high, wide = (max((-(-size // stride) - 1) * stride + k - size, 0) for size in x.shape[2:])
        if high % 2 or wide % 2:
            x, high, wide = F.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2)), 0, 0
        return F.conv2d(x, self.weight, self.bias, self.stride, (high // 2, wide // 2), groups=self.groups)


# %%
def unit(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, relu: bool = True) -> nn.Sequential:
    """Convolution, BatchNorm, and ReLU6 (a ReLU that ends at 6) if `relu`."""
    convolution = SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
    normalization = nn.BatchNorm2d(outputs, eps=1e-3)
    return nn.Sequential(convolution, normalization, *([nn.ReLU6(inplace=True)] if relu else []))


class InvertedBottleneck(nn.Module):
    """Widen by `expand`, filter each channel, narrow; plus the input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int):
        super().__init__()
        wide = inputs * expand
        widen = [unit(inputs, wide)] if expand > 1 else []
        self.branch = nn.Sequential(*widen, unit(wide, wide, kernel, stride, groups=wide), unit(wide, outputs, relu=False))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return x + self.branch(x) if self.shortcut else self.branch(x)


# %%
PLAN = (  # blocks, kernel, stride of the first block, expansion, channels
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip


class Lite0(nn.Module):
    """EfficientNet-Lite0: nine `stages`, then the average over all places, then a linear `head`."""

    def __init__(self, classes: int):
        super().__init__()
        self.stages, width = nn.ModuleList([unit(3, 32, 3, 2)]), 32
        for blocks, kernel, stride, expand, channels in PLAN:
            rest = [InvertedBottleneck(channels, channels, kernel, 1, expand) for _ in range(blocks - 1)]
            self.stages.append(nn.Sequential(InvertedBottleneck(width, channels, kernel, stride, expand), *rest))
            width = channels
        self.stages.append(unit(width, 1280))
        self.head = nn.Linear(1280, classes)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """Logits (N, classes) of inputs (N, 3, H, W), or of what the first `start` stages made of them."""
        for stage in self.stages[start:]:
            x = stage(x)
        return self.head(x.mean((2, 3)))


# %%
def load_imagenet(folder: Path) -> Lite0:
    """Lite0 with its ImageNet weights, which were saved in the order of this class, but under other names."""
    model = Lite0(classes=1000)
    saved = torch.load(folder / "efficientnet-lite0-57934424.pth", weights_only=True)
    names = model.state_dict()
    assert [value.shape for value in names.values()] == [value.shape for value in saved.values()]
    model.load_state_dict(dict(zip(names, saved.values(), strict=True)))
    return model.to(memory_format=torch.channels_last).eval()  # the same numbers; processors get through them faster in this order


# %% [markdown]
# One more thing belongs to the weights, and no file of numbers contains it: **what the inputs looked like**. These were
# trained on RGB with $(\text{pixel} - 127)/128$, channels first. The order of operations matters, too: pixels are bytes,
# and in bytes $100 - 127$ is 229, so become `float` before you subtract.


# %%
def to_inputs(images: np.ndarray) -> Tensor:
    """Bytes (N, H, W, 3) as the network expects them: float32, (N, 3, H, W), from about -1 to 1, on the lab's device."""
    return (torch.from_numpy(images).to(lab.device).permute(0, 3, 1, 2).float() - 127) / 128


# %%
NAMES = {698: "palace", 442: "bell cote", 663: "monastery", 985: "daisy", 947: "mushroom", 309: "bee"}
imagenet = load_imagenet(lab.data("efficientnet-lite0")).to(lab.device)
print(f"{sum(p.numel() for p in imagenet.parameters()):,} parameters in {len(imagenet.stages)} stages and a head")
best = []
for name in ("china.jpg", "flower.jpg"):
    photo = np.asarray(Image.fromarray(load_sample_image(name)[:, 100:527]).resize((224, 224)))
    with torch.no_grad():
        likely = imagenet(to_inputs(photo[None].copy())).softmax(1)[0].topk(3)
    best.append(NAMES.get(likely.indices[0].item()))
    print(name, ", ".join(f"{NAMES.get(int(i), int(i))} {p:.0%}" for p, i in zip(likely.values, likely.indices, strict=True)))
claim("the borrowed network sees a palace in the photograph of a temple, and a daisy in that of a flower", best == ["palace", "daisy"])

# %% [markdown]
# Two photographs that it has not been trained on, and sensible answers among a thousand classes ("bell cote" is a small
# tower for a bell). Always make such a test before you build on weights of others: a network that is loaded wrongly or
# fed wrongly still returns numbers.
#
# ## 1. Frozen means frozen
#
# A network remembers in two ways. Its *parameters* change by gradients. Its *buffers*, for BatchNorm the running mean
# and variance, change in the forward pass itself, whenever the layer is in training mode: with momentum $m$,
#
# $$r \leftarrow (1 - m)\,r + m\,\mu_{\text{batch}} .$$
#
# `requires_grad_(False)` stops the first and not the second. In training mode, besides, BatchNorm normalizes with the
# batch, and dropout deletes at random, so a "frozen" stage would answer differently every time. Frozen therefore means
# both: **no gradients, and evaluation mode**. And since `model.train()`, with which everyone opens an epoch, puts *all*
# modules back into training mode, freezing is not something you do once. It is something you do at the start of every
# epoch.
#
# **Predict**: how many of the network's buffers will change in one forward pass, if only `requires_grad_(False)` was
# called?
#
# **Write** `freeze`. It sets up a model for training with its first `until` stages frozen, and everything else free,
# whatever was frozen before. `module.requires_grad_(flag)` and `module.train(flag)` reach all that is inside a module.


# %% solution="freeze"
def freeze(model: nn.Module, until: int) -> None:
    """Make `model` ready for an epoch of training with its first `until` stages frozen.

    model: has a list `stages` and a module `head`. Stages 0 to until - 1 get requires_grad = False and evaluation mode;
    all other stages and the head get requires_grad = True and training mode. Changes no weight and no buffer.
    """
    ### BEGIN SOLUTION
    model.train()
    model.head.requires_grad_(True)
    for place, stage in enumerate(model.stages):
        free = place >= until
        stage.requires_grad_(free)
        stage.train(free)
    ### END SOLUTION


# %%
borrowed = copy.deepcopy(imagenet)
freeze(borrowed, until=7)
assert not borrowed.stages[6].training and borrowed.stages[7].training
assert sum(p.requires_grad for p in borrowed.stages[0].parameters()) == 0

# %% check="freeze" points=2
check("freeze")

# %% [markdown]
# **See it.** Two copies of the network, "frozen" in two ways, are shown fifty of your pictures in training; nothing is
# ever updated. What is different afterwards?


# %%
def changed_by_looking(prepare: Callable[[nn.Module], None]) -> dict[str, int]:
    """How many parameters and buffers of a copy of the network differ after one forward pass, `prepare` called before it."""
    model = copy.deepcopy(imagenet)
    before = copy.deepcopy(model.state_dict())
    model.train()
    prepare(model)
    with torch.no_grad():
        model(to_inputs(train_images[:50]))
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    parameters = {name for name, _ in model.named_parameters()}
    return {"parameters": len(changed & parameters), "buffers": len(changed - parameters)}


# %%
half = changed_by_looking(lambda model: model.requires_grad_(False))
whole = changed_by_looking(lambda model: freeze(model, until=len(model.stages)))
print("requires_grad_(False) only:", half)
print("your freeze:               ", whole)
claim("without evaluation mode every buffer of the network moves in one pass", half["buffers"] == len(list(imagenet.buffers())))
claim("frozen means frozen: nothing differs, bit for bit", whole == {"parameters": 0, "buffers": 0})
record("moved_when_frozen", sum(whole.values()))

# %% [markdown]
# Three buffers for each BatchNorm, and all of them moved (the third counts batches). No error, no warning. Keep the
# question what that costs; section 3 answers it.

# %% [markdown]
# ## 2. Features, once
#
# What is frozen gives the same output for the same picture, in every epoch. So compute it **once** and keep it. A run
# of $E$ epochs through a frozen network costs $E$ forward passes per picture; with stored features it costs one, and
# what is left to train works on a small tensor. (The price: no augmentation, because a mirrored picture has other
# features.) The cut can be anywhere. After all stages you have features for a new head; after some of them, inputs for
# the training of the others, with `model(features, start=until)`.
#
# Four things can go wrong, most of them silently:
#
# - in training mode, a picture's features depend on its batch, and every pass moves the statistics: use evaluation mode,
#   and leave every module in the mode in which you found it;
# - with gradients on, each result keeps all that was computed on the way to it in memory: use `torch.no_grad()`;
# - `torch.inference_mode()` is a stricter `no_grad`: tensors made in it can never take part in training;
# - a thousand pictures at once do not fit into memory: work in batches, of which the last may be smaller.
#
# **Predict**: pictures of 96 by 96 become 6 by 6 places with 112 channels after six stages. Are these features larger
# or smaller than the picture?
#
# **Write** `features`.


# %% solution="features"
def features(model: nn.Module, x: Tensor, until: int, batch_size: int = 50) -> Tensor:
    """What the first `until` stages of `model`, in evaluation mode, make of the inputs x, shape (n, channels, H, W).

    Works in batches of at most `batch_size`, in order; returns one tensor with n rows that has no graph, but can be
    trained on. Leaves the model as it was: weights, buffers, requires_grad, and the mode of each of its modules.
    """
    ### BEGIN SOLUTION
    modes = {module: module.training for module in model.modules()}
    model.eval()
    done = []
    with torch.no_grad():
        for part in x.split(batch_size):
            for stage in model.stages[:until]:
                part = stage(part)
            done.append(part)
    for module, mode in modes.items():
        module.training = mode
    return torch.cat(done)
    ### END SOLUTION


# %%
freeze(borrowed, until=7)
assert features(borrowed, torch.zeros(5, 3, 32, 32, device=lab.device), until=0, batch_size=2).shape == (5, 3, 32, 32)
assert features(borrowed, torch.zeros(5, 3, 32, 32, device=lab.device), until=9, batch_size=2).shape == (5, 1280, 1, 1)
assert borrowed.stages[7].training and not borrowed.stages[6].training  # in the modes in which freeze left them

# %% check="features" points=2
check("features")

# %% [markdown]
# **See it.** All pictures go through the first stages once, up to the lowest stage that will ever be trained (the
# parameter `cut` of this profile), and through the rest once more for the probe. `pooled` finishes what was cut.


# %%
def pooled(model: nn.Module, middle: Tensor, start: int) -> Tensor:
    """Features (n, 1280) for a head, from what the first `start` stages made of the pictures: the average over all places."""
    rest = nn.Module()
    rest.stages = model.stages[start:]
    return features(rest, middle, len(rest.stages)).mean((2, 3))


# %%
cut = lab.params["cut"]
middle = {}
for name, images in (("train", train_images), ("known", known_images), ("held", held_images)):
    middle[name] = features(imagenet, to_inputs(images), cut)
    print(f"{name:6s} {tuple(middle[name].shape)}, {middle[name][0].numel():,} numbers a picture; a picture has {images[0].size:,}")
full = {name: pooled(imagenet, each, cut) for name, each in middle.items()}
labels = {
    name: torch.from_numpy(each).to(lab.device) for name, each in (("train", train_labels), ("known", known_labels), ("held", held_labels))
}
print("for the head:", {name: tuple(each.shape) for name, each in full.items()})
one_by_one = pooled(imagenet, features(imagenet, to_inputs(known_images[:5]), cut, batch_size=1), cut)
gap = (one_by_one - full["known"][:5]).abs().max().item()
rounding = 1e-3 if lab.device == "cpu" else 0.05  # on a GPU another batch may mean another algorithm, with shorter numbers
claim("features do not depend on the batch a picture came in", gap < rounding)

# %% [markdown]
# ## 3. A linear probe
#
# The cheapest way to use a borrowed network: keep all stages frozen, train a new head. With features $\mathbf{x}_k$ and
# labels $y_k$ of $n$ pictures this is *multinomial logistic regression*,
#
# $$J(W, \mathbf{b}) = \frac{1}{n}\sum_{k=1}^{n} -\log\,\mathrm{softmax}(W\mathbf{x}_k + \mathbf{b})_{y_k}
# + \frac{\lambda}{2}\,\lVert W\rVert^2 .$$
#
# There are 1,280 features and only a hundred labels, so without the penalty $\lambda$ the training pictures could be
# separated in countless ways, with weights that grow without end. The bias only shifts whole classes and is not
# penalized. $J$ is convex: it has one minimum, and you can **run to the end** and prove that you are there, because the
# gradient vanishes. With all features in memory, an optimizer that uses the curvature is the right tool. `LBFGS` builds
# it up from the last gradients; since it evaluates $J$ as often as it likes, it wants a function (a *closure*) that
# clears the gradients, computes $J$, calls `backward()` and returns $J$.
#
# **Predict**: ten classes, chance is 10 %. A hundred labels, a network that has never seen an emoji: which accuracy do
# you expect for the known artists, and which for the one held out?
#
# **Write** `fit_probe`. Give LBFGS `line_search_fn="strong_wolfe"`, a few hundred iterations, and tolerances near zero.


# %% solution="probe"
def fit_probe(X: Tensor, y: Tensor, classes: int, penalty: float) -> nn.Linear:
    """The linear layer that minimizes J: mean cross-entropy plus penalty / 2 times the sum of the squared weights.

    X: features, shape (n, d). y: labels 0 to classes - 1, shape (n,), each of which occurs. Returns a layer with the
    type and on the device of X, so close to the minimum that no entry of the gradient exceeds 1e-4 (for X in float64).
    """
    ### BEGIN SOLUTION
    head = nn.Linear(X.shape[1], classes, dtype=X.dtype, device=X.device)
    optimizer = torch.optim.LBFGS(
        head.parameters(), max_iter=500, tolerance_grad=1e-6, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        """J, with fresh gradients."""
        optimizer.zero_grad()
        loss = F.cross_entropy(head(X), y) + penalty / 2 * head.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return head
    ### END SOLUTION


# %%
two_clouds, cloud = torch.tensor([[-1.0], [-2.0], [1.0], [2.0]], dtype=torch.float64), torch.tensor([0, 0, 1, 1])
assert fit_probe(two_clouds, cloud, classes=2, penalty=0.1)(two_clouds).argmax(1).tolist() == [0, 0, 1, 1]
assert fit_probe(two_clouds, cloud, classes=2, penalty=1e4).weight.abs().max() < 1e-3

# %% check="probe" points=2
check("probe")


# %% [markdown]
# **See it.** The first tenth of the labels. `tenth` picks one run's pictures.


# %%
def tenth(run: int) -> slice:
    """The training pictures that are labeled in one of the runs."""
    return slice(run * labeled, (run + 1) * labeled)


def accuracy(logits: Tensor, y: Tensor) -> float:
    """The share of right answers; logits (n, classes), labels (n,)."""
    return (logits.argmax(1) == y).double().mean().item()


def probe_of(run: int) -> nn.Linear:
    """The probe on one tenth of the labels."""
    return fit_probe(full["train"][tenth(run)].double(), labels["train"][tenth(run)], len(CLASSES), lab.params["penalty"])


# %%
probe = probe_of(0)
for name in ("known", "held"):
    print(f"{name:6s} {accuracy(probe(full[name].double()), labels[name]):.1%} of {len(labels[name])} test pictures right")
loss = F.cross_entropy(probe(full["train"][tenth(0)].double()), labels["train"][tenth(0)])
loss = loss + lab.params["penalty"] / 2 * probe.weight.square().sum()
slope = torch.autograd.grad(loss, probe.weight)[0].abs().max().item()
print(f"largest entry of the gradient: {slope:.0e}")
record("probe_slope", slope)

# %% [markdown]
# Far above chance, from features that were made for dogs and teapots.
#
# Now for two of the silent mistakes, and what they cost. The probe above was trained on features of properly fed,
# properly frozen stages. Suppose that the program that *uses* it does one thing differently. **Predict** the order of the
# damage before you run the cell.


# %%
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])  # of torchvision's weights
OTHER_INPUTS: dict[str, Callable[[np.ndarray], Tensor]] = {
    "0 to 1": lambda images: to_inputs(images) * 128 / 255 + 127 / 255,
    "torchvision's": lambda images: (
        (to_inputs(images) * 128 / 255 + 127 / 255 - MEAN.to(lab.device).view(3, 1, 1)) / DEVIATION.to(lab.device).view(3, 1, 1)
    ),
    "blue first": lambda images: to_inputs(images[..., ::-1].copy()),
    "bytes": lambda images: to_inputs(images - np.uint8(127)) + 127 / 128,
}


def unfrozen_statistics(images: np.ndarray) -> Tensor:
    """Features in training mode: every picture is normalized with the other pictures of its batch, here all of one class."""
    model = copy.deepcopy(imagenet).train()
    order = np.argsort(np.arange(len(images)) % len(CLASSES), kind="stable")  # sorted by class, as files in folders are
    with torch.no_grad():
        parts = []
        for part in to_inputs(images[order]).split(len(images) // len(CLASSES)):
            for stage in model.stages:
                part = stage(part)
            parts.append(part.mean((2, 3)))
    return torch.cat(parts)[torch.from_numpy(np.argsort(order)).to(lab.device)]


# %%
count = lab.params["served"]
served = {"as trained": accuracy(probe(full["known"][:count].double()), labels["known"][:count])}
for name, prepare in OTHER_INPUTS.items():
    found = pooled(imagenet, prepare(known_images[:count]), start=0)
    served[name] = accuracy(probe(found.double()), labels["known"][:count])
served["training mode"] = accuracy(probe(unfrozen_statistics(known_images[:count]).double()), labels["known"][:count])
plot.bars(
    served,
    y="accuracy, known artists",
    caption="One probe, one set of test pictures, six ways to feed them: as in training, and with one thing changed.",
    alt="Six bars; five are of similar height, some a little lower than the first, and training mode is at chance.",
    width=7.2,
)

# %%
for name, value in served.items():
    print(f"{name:14s} {value:.1%}   {100 * (value - served['as trained']):+.1f} points")
record("cost_of_training_mode", served["as trained"] - served["training mode"])

# %% [markdown]
# Nothing raised an error in any of these runs. The wrong inputs cost a few points or nothing that you could be sure of:
# of a hundred test pictures, each is a point. That is what makes such mistakes hard to notice, for a probe that is right
# in half of the cases does not look broken. Training mode takes everything. The last bar is the bill for "frozen, but not in evaluation mode": the pictures
# came sorted by class, as files in folders do, and BatchNorm subtracts just what the pictures of a class have in common.
# What the network was fed in training and what it is fed in use have to be the same *function*, best the same line of
# code.

# %% [markdown]
# ## 4. A rate for every depth
#
# A probe cannot repair features that do not fit emoji. *Fine-tuning* trains stages, too, from the weights that they
# have. Lower stages, which see edges and textures, should change less than upper ones, which see dogs. So each stage
# learns at its upper neighbor's rate divided by a factor $\rho$: with $S$ stages, the head at $\eta$,
#
# $$\eta_s = \eta\,/\,\rho^{\,S - s}, \qquad s = 0, \dots, S - 1 .$$
#
# In PyTorch, an optimizer takes a list of *parameter groups*, dictionaries with `"params"` and settings of their own. A
# second thing belongs here, too: **weight decay** pulls weights towards zero. For matrices and kernels this is a mild
# penalty on complexity. A bias or a BatchNorm gain is one number per channel and has nothing to gain from it: a gain
# near zero switches its channel off. They are told apart by their shape: these are vectors (`ndim` 1), the others have
# two dimensions or more. So each part of the model gives two groups.
#
# **Predict**: with nine stages, $\eta = 10^{-3}$ and $\rho = 2.6$, what is the rate of stage 0?
#
# **Write** `parameter_groups`. A parameter is in exactly one group if it requires a gradient, and in none otherwise.


# %% solution="groups"
def parameter_groups(model: nn.Module, lr: float, factor: float, weight_decay: float) -> list[dict]:
    """Groups for an optimizer: dictionaries with "params" (a list, not empty), "lr" and "weight_decay".

    The head learns at `lr`, the last of model.stages at lr / factor, the one below it at lr / factor**2, and so on,
    whether frozen or not. Only parameters that require gradients take part. Vectors have a weight decay of 0.0.
    """
    ### BEGIN SOLUTION
    groups = []
    for distance, part in enumerate([model.head, *reversed(model.stages)]):
        free = [parameter for parameter in part.parameters() if parameter.requires_grad]
        matrices = [parameter for parameter in free if parameter.ndim > 1]
        vectors = [parameter for parameter in free if parameter.ndim == 1]
        for params, decay in ((matrices, weight_decay), (vectors, 0.0)):
            if params:
                groups.append({"params": params, "lr": lr / factor**distance, "weight_decay": decay})
    return groups
    ### END SOLUTION


# %%
freeze(borrowed, until=8)
example = parameter_groups(borrowed, lr=0.1, factor=2.0, weight_decay=0.01)
assert sorted({group["lr"] for group in example}) == [0.05, 0.1] and len(example) == 4
assert sum(p.numel() for group in example for p in group["params"]) == 1280 * 1000 + 1000 + 320 * 1280 + 2 * 1280

# %% check="groups" points=2
check("groups")

# %% [markdown]
# **See it.** What each depth of the whole network would get, and how much there is to train.

# %%
freeze(borrowed, until=0)
print("part      rate      decayed    not decayed")
by_rate: dict[float, list[int]] = {}
for group in parameter_groups(borrowed, lr=1e-3, factor=2.6, weight_decay=0.01):
    by_rate.setdefault(group["lr"], [0, 0])[group["weight_decay"] == 0] += sum(p.numel() for p in group["params"])
for name, (rate, (decayed, spared)) in zip(["head", *(f"stage {s}" for s in range(8, -1, -1))], by_rate.items(), strict=True):
    print(f"{name:8s}  {rate:.1e} {decayed:10,} {spared:12,}")

# %% [markdown]
# Most of the parameters sit in the upper stages, and the rate of the lowest is so small that it might as well be frozen.
# Which leads to the question: why thaw it at all, or so early?
#
# ## 5. Thaw stage by stage
#
# A new head starts out wrong, and wrong heads send wrong gradients. So the head goes first, alone: that was the probe.
# Then the last stage joins, then the one below. A *schedule* lists `until` for every epoch, such as 9, 8, 8, 7, 7, 6.
#
# The optimizer has to grow with it. Making a new one at every step of the schedule would throw away what it remembers:
# Adam keeps two moving averages for each parameter and starts with a correction that makes its first steps as long as
# the rate allows. So keep the optimizer, and hand it what is new: `optimizer.add_param_group(group)` appends one group,
# and raises an error if it holds one of the parameters already. Whether two tensors are *the same object* is a question
# for `id` or `is`; `==` compares their numbers.
#
# **Predict**: what would happen to the head's weights in the first step after you made a new Adam in epoch 5?
#
# **Write** `unfreeze`, with your `freeze` and your `parameter_groups`. It opens every epoch, so calling it twice with
# the same `until` must be harmless.


# %% solution="unfreeze"
def unfreeze(model: nn.Module, optimizer: torch.optim.Optimizer, until: int, lr: float, factor: float, weight_decay: float) -> None:
    """Open an epoch in which the first `until` stages of `model` are frozen.

    Freezes and frees the stages as `freeze` does, and appends to `optimizer` the parameters that are trainable and not
    yet in it, in groups with the settings of `parameter_groups`. Groups and state that it has already stay as they are.
    """
    ### BEGIN SOLUTION
    freeze(model, until)
    known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for group in parameter_groups(model, lr, factor, weight_decay):
        new = [parameter for parameter in group["params"] if id(parameter) not in known]
        if new:
            optimizer.add_param_group({**group, "params": new})
    ### END SOLUTION


# %%
freeze(borrowed, until=9)
growing = torch.optim.AdamW(parameter_groups(borrowed, lr=1e-3, factor=2.6, weight_decay=0.01))
sizes = [len(growing.param_groups)]
for until in (9, 8, 8, 7):
    unfreeze(borrowed, growing, until, lr=1e-3, factor=2.6, weight_decay=0.01)
    sizes.append(len(growing.param_groups))
assert sizes == [2, 2, 4, 4, 6]

# %% check="unfreeze" points=2
check("unfreeze")


# %% [markdown]
# **See it.** The training loop is the one you know, with `unfreeze` at the start of each epoch. One decision is made
# for you: BatchNorm stays in evaluation mode in the thawed stages as well (`hold_statistics`); its gain and shift are
# trained. With two dozen pictures in a batch, statistics of the batch are noise, and statistics of a million photographs
# are a good start. Exercise 3 asks what this is worth.


# %%
def hold_statistics(model: nn.Module) -> None:
    """All BatchNorm layers of `model` into evaluation mode: they normalize with the statistics that they have."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def schedule(epochs: int, stages: int, lowest: int, each: int) -> list[int]:
    """`until` for every epoch: one stage more every `each` epochs, from `stages` (all frozen) down to `lowest`."""
    return [max(lowest, stages - 1 - epoch // each) for epoch in range(epochs)]


def fine_tune(model: nn.Module, x: Tensor, y: Tensor, seed: int, watch: Callable[[], None] | None = None) -> None:
    """Thaw and train `model` in place, on what its first `cut` stages made of the pictures; `watch` is called after each epoch."""
    settings = {name: lab.params[name] for name in ("lr", "factor", "weight_decay")}
    rng = torch.Generator().manual_seed(seed)
    freeze(model, len(model.stages))
    optimizer = torch.optim.AdamW(parameter_groups(model, **settings), fused=True)  # fused: the same step, computed in one go
    for until in schedule(lab.params["epochs"], len(model.stages), cut, lab.params["each"]):
        unfreeze(model, optimizer, until, **settings)
        hold_statistics(model)
        for chosen in torch.randperm(len(x), generator=rng).split(lab.params["batch"]):
            optimizer.zero_grad()
            F.cross_entropy(model(x[chosen], start=cut), y[chosen]).backward()
            optimizer.step()
        if watch is not None:
            watch()


# %%
def with_head(head: nn.Linear) -> Lite0:
    """A copy of the borrowed network with this head, in float32."""
    model = copy.deepcopy(imagenet)
    model.head = copy.deepcopy(head).float()
    return model


def scores(model: nn.Module) -> tuple[float, float]:
    """Test accuracies of a network for the known artists and the one held out."""
    model.eval()
    with torch.no_grad():
        logits = {name: torch.cat([model(part, start=cut) for part in middle[name].split(100)]) for name in ("known", "held")}
    return tuple(accuracy(each, labels[name]) for name, each in logits.items())


# %%
tuned = with_head(probe)
before = copy.deepcopy(tuned.state_dict())
curve = [scores(tuned)]
fine_tune(tuned, middle["train"][tenth(0)], labels["train"][tenth(0)], lab.seed, watch=lambda: curve.append(scores(tuned)))
changed = [name for name, value in tuned.state_dict().items() if not torch.equal(value, before[name])]
frozen = [name for name in changed if name.startswith("stages.") and int(name.split(".")[1]) < cut]
still = not frozen and not any("running" in name for name in changed)
claim("after all epochs the stages below the cut and every statistic are what they were, bit for bit", still)
plot.lines(
    {"known artists": [known for known, _ in curve], "held out": [held for _, held in curve]},
    x="epoch (0: the probe)",
    y="accuracy on test pictures",
    caption="Fine-tuning from the probe on, one run: test accuracy after each epoch, while stage after stage thaws.",
    alt="Two curves over six epochs, that of the known artists above that of the held-out artist; both waver from epoch to epoch.",
)

# %% [markdown]
# The factor of this profile is nearer to 1 than the 2.6 in the table above, because only three of nine stages ever thaw
# and a few dozen steps of training are all they get. Every epoch cost only the stages above the cut. Do not read much into the wiggles: one run, a few hundred
# test pictures, and two points more or less are a handful of pictures. That is what the next section is for.
#
# ## Experiment: one label in ten
#
# Now the question of the title, over several tenths of the collection. Three ways on the same labels:
#
# 1. **from scratch**: a convolutional network of a size that suits the data, with BatchNorm, mirrored copies, AdamW and
#    a falling rate; the same recipe, chosen in advance, for every run;
# 2. **probe**: features once, a head;
# 3. **probe, then fine-tuning**: from there on, as in section 5.
#
# Each run takes another tenth of the labels and other starting weights, and all three are tested on the same pictures.
# So compare within a run: the *paired* difference, whose interval comes from the bootstrap over runs.


# %%
def small_network() -> nn.Sequential:
    """Three convolutions and a head: (N, 3, H, W) -> logits (N, 10)."""
    layers, width = [], 3
    for channels in (16, 32, 64):
        layers += [nn.Conv2d(width, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
        width = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, len(CLASSES))).to(lab.device)


def small(images: np.ndarray) -> Tensor:
    """The pictures for the network from scratch, shrunk to 32 by 32 by averaging."""
    return F.avg_pool2d(to_inputs(images), side // 32)


# %%
def from_scratch(run: int) -> tuple[float, float]:
    """Test accuracies for known artists and the one held out of a network that has only ever seen one tenth."""
    torch.manual_seed(lab.seeds(runs)[run])
    model, x, y = small_network(), small(train_images[tenth(run)]), labels["train"][tenth(run)]
    epochs, steps = lab.params["scratch_epochs"], -(-len(x) // 50)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).to(lab.device).split(50):
            mirrored = torch.rand(len(chosen), 1, 1, 1, device=lab.device) < 0.5
            optimizer.zero_grad()
            F.cross_entropy(model(torch.where(mirrored, x[chosen].flip(3), x[chosen])), y[chosen]).backward()
            optimizer.step()
            falling.step()
    model.eval()
    with torch.no_grad():
        return accuracy(model(small(known_images)), labels["known"]), accuracy(model(small(held_images)), labels["held"])


# %%
def three_ways(run: int) -> list[tuple[float, float]]:
    """Test accuracies (known, held out) from scratch, of the probe, and of the probe with fine-tuning after it."""
    head = probe_of(run)
    probed = tuple(accuracy(head(full[name].double()), labels[name]) for name in ("known", "held"))
    model = with_head(head)
    fine_tune(model, middle["train"][tenth(run)], labels["train"][tenth(run)], lab.seeds(runs)[run])
    return [from_scratch(run), probed, scores(model)]


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of `values`, shape (n,)."""
    draws = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    return tuple(np.quantile(values[draws].mean(axis=1), [0.025, 0.975]))


# %%
WAYS, TESTS = ("scratch", "probe", "fine-tuned"), ("known", "held out")


def gain(results: np.ndarray, better: int, worse: int, test: int) -> tuple[float, float, float]:
    """Mean paired difference of two ways in one test, and the ends of its interval; results: (runs, ways, tests)."""
    pairs = results[:, better, test] - results[:, worse, test]
    return pairs.mean(), *interval(pairs)


# %%
results = np.array([three_ways(run) for run in range(runs)])  # (runs, ways, tests)
for way, name in enumerate(WAYS):
    for t, test in enumerate(TESTS):
        values = results[:, way, t]
        print(f"{name:10s} {test:8s}: mean {values.mean():.1%}, runs from {values.min():.1%} to {values.max():.1%}")
for better, worse in ((1, 0), (2, 0), (2, 1)):
    for t, test in enumerate(TESTS):
        mean, low, high = (100 * value for value in gain(results, better, worse, t))
        print(f"{WAYS[better]:10s} minus {WAYS[worse]:7s} {test:8s}: {mean:+5.1f} points, 95 % interval {low:+.1f} to {high:+.1f}")

# %%
bars = {f"{name},\n{test}": results[:, way, t] for t, test in enumerate(TESTS) for way, name in enumerate(WAYS)}
plot.bars(
    {name: values.mean() for name, values in bars.items()},
    errors={name: interval(values) for name, values in bars.items()},
    y="test accuracy",
    caption="A tenth of the labels, three ways to use them, two kinds of test pictures: means over the runs with 95 % intervals.",
    alt="Six bars. Left, known artists: scratch is lowest, probe and fine-tuned are higher. Right, held-out artist: all lower.",
    width=7.6,
)

# %%
record("scratch_known", results[:, 0, 0].mean())
record("probe_known", results[:, 1, 0].mean())
record("tuned_known", results[:, 2, 0].mean())
record("scratch_held", results[:, 0, 1].mean())
record("probe_held", results[:, 1, 1].mean())
record("tuned_held", results[:, 2, 1].mean())
for way in (1, 2):
    for t, test in enumerate(TESTS):
        statement = f"at a tenth of the labels, {WAYS[way]} beats from scratch, {test} artist: the 95 % interval is above 0"
        claim(statement, gain(results, way, 0, t)[1] > 0)

# %% [markdown]
# Read the table in three steps.
#
# - **Borrowed against own.** Every interval of the first four lines is above zero. A hundred labels are too few to learn
#   what an edge, a wheel or a wing is; the borrowed network brings that along.
# - **Known against held out.** All three lose when the artist changes. Compare how much: the network from scratch knows
#   nothing but the known artists' strokes.
# - **Fine-tuned against probe.** Look at the last two lines before you believe a curve of one run. Does the interval
#   contain zero, and for which of the tests? With five runs and a few hundred test pictures, a difference of two points
#   is within reach of chance. And mind what a gain hangs on: ten labels a class are few for three million parameters,
#   and with three times this rate it can turn into a loss (exercise 5). The probe has no such dial. Do it first in any
#   case: it is the bar to clear. Know, too, how the rate was found: by the authors, after a dozen others, on other
#   pictures by the same three artists. So these last two lines still flatter fine-tuning a little.
#
# What was *not* compared: the small network is not the best that anyone could train from scratch, and Lite0 from random
# weights would be another baseline.
#
# ## Against the real thing
#
# Three comparisons. First, scikit-learn's `LogisticRegression` on the same features. It minimizes $J$ multiplied by
# $C\,n$, with $C = 1/(n\lambda)$.

# %%
X, y = full["train"][tenth(0)].double().cpu().numpy(), train_labels[tenth(0)]
peer = LogisticRegression(C=1 / (len(y) * lab.params["penalty"]), solver="newton-cg", tol=1e-12, max_iter=5000).fit(X, y)
with torch.no_grad():
    mine = probe(full["held"].double()).softmax(1).cpu().numpy()
gap = np.abs(mine - peer.predict_proba(full["held"].double().cpu().numpy())).max()
print(f"largest difference of a probability: {gap:.0e}")
record("probe_gap", gap)

# %% [markdown]
# Two to three decimals, although both stop at a tiny gradient. The features are many, nearly all positive, and rise and
# fall together, so the floor of $J$ is flat in most directions, and a gradient of $10^{-6}$ still leaves a little way to
# go. For the answers of the probe it makes no difference.
#
# Second, torchvision. Its ResNet-18 (here with random weights; nothing is downloaded) has no `stages`, but four layers
# in a row; a wrapper of a few lines makes it a model like yours, and your functions work on it. Torchvision's own way to
# features is `create_feature_extractor`, and its own way to freeze statistics is another kind of layer,
# `FrozenBatchNorm2d`, which has no training mode that could be forgotten.


# %%
class StagedResNet(nn.Module):
    """Torchvision's ResNet-18 as five stages and a head."""

    def __init__(self):
        super().__init__()
        net = torchvision.models.resnet18(weights=None)
        stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.stages, self.head = nn.ModuleList([stem, net.layer1, net.layer2, net.layer3, net.layer4]), net.fc
        self.extractor = [create_feature_extractor(net, ["layer3", "avgpool"])]  # a list: no submodule


# %%
def resnet_gaps() -> tuple[float, float]:
    """Largest differences between your features and torchvision's, after layer3 and after the pooling."""
    torch.manual_seed(lab.seed)
    model, x = StagedResNet(), to_inputs(known_images[:4]).cpu()
    with torch.no_grad():
        theirs = model.extractor[0].eval()(x)
    return (
        (features(model, x, 4, 3) - theirs["layer3"]).abs().max().item(),
        (features(model, x, 5, 3).mean((2, 3)) - theirs["avgpool"].flatten(1)).abs().max().item(),
    )


def frozen_like_torchvision(x: Tensor) -> bool:
    """Whether a stage that your `freeze` froze gives what torchvision's FrozenBatchNorm2d gives, in the midst of training."""
    model, layer = StagedResNet(), torchvision.ops.FrozenBatchNorm2d(64, eps=1e-5)
    mine = model.stages[0][1]
    mine.running_mean.uniform_(-1, 1), mine.running_var.uniform_(0.5, 2)
    layer.load_state_dict(mine.state_dict())
    model.train()
    freeze(model, 2)
    return torch.allclose(mine(x), layer(x), atol=1e-5)


# %%
gaps = resnet_gaps()
print(f"differences from create_feature_extractor: {gaps[0]:.0e} after layer3, {gaps[1]:.0e} after the pooling")
record("resnet_gap", max(gaps))
claim("your frozen BatchNorm computes what torchvision's FrozenBatchNorm2d computes", frozen_like_torchvision(torch.randn(2, 64, 5, 5)))

# %% [markdown]
# Third, what you would use at work. `timm` has your parameter groups as `param_groups_layer_decay` and carries the right
# preprocessing along with every set of weights (`timm.data.resolve_model_data_config`); torchvision's weights carry
# theirs as `weights.transforms()`. Both know far more backbones, of which Lite0 is one of the smallest. Your functions
# are short enough to read when a result surprises you, and the surprise is usually one of the things that you have just
# checked: modes, groups, inputs.

# %% [markdown] answer="what-moved" points=2
# ## In your own words
#
# A colleague fine-tunes a borrowed ResNet on 80 pictures. He calls `requires_grad_(False)` on everything but the head
# once, then trains the head for 50 epochs, each opened by `model.train()`, and validates with `model.eval()`. Training
# loss falls smoothly, validation accuracy gets *worse* from epoch to epoch.
#
# 1. Which numbers of the network changed during training although "everything was frozen", and why does the training
#    loss not show that anything is wrong?
# 2. BatchNorm's momentum is 0.1 and an epoch has 5 batches. How much of the pretrained running mean is left after one
#    epoch, and after ten? Write the formula.
# 3. He has two repairs in mind: `freeze` at the start of every epoch, or computing features once before training. Why
#    does either help, and what can the first do that the second cannot?
#
# ### BEGIN SOLUTION
# 1. The running means and variances (and batch counters) of every BatchNorm. In training mode the layers do not use
#    them; they normalize with the batch, and the head adapts to *those* features. Only validation, in evaluation mode,
#    uses the running statistics, which by then are neither the pretrained ones nor matched to the head's features.
# 2. Each batch keeps $1 - m = 0.9$, so after $t$ batches $0.9^t$ is left: $0.9^5 = 0.59$ after one epoch and $0.9^{50} =
#    0.005$ after ten.
# 3. Both make the head train on features of evaluation mode, with the pretrained statistics, as validation does.
#    `freeze` still passes the pictures through the network in every epoch, so augmentation and thawing below the stored
#    features remain possible; stored features are fixed, but cost one pass.
#
# *Rubric*: 1 point for part 1: the buffers (half) and that training mode normalizes with the batch while validation does
# not (half). Half a point for part 2: the power of 0.9 with 5 and 50. Half a point for part 3: same features in training
# and validation, and augmentation (or later thawing) as what stored features rule out.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **`requires_grad_(False)`, and that was it.** Running statistics move, dropout drops. Compare `state_dict()` before
#   and after an epoch, buffers included.
# - **Freezing once, before the loop.** The first `model.train()` wakes everything that was in evaluation mode.
# - **Other inputs than the weights had.** Other ranges, channels in another order, another size: nothing fails but the
#   accuracy. Run one photograph whose class you know.
# - **`images - 127` in bytes.** A byte cannot be negative: dark pixels come out bright. Convert first.
# - **A new optimizer for every stage.** Adam forgets its averages, and its first steps are long.
# - **One rate for all.** What is right for a new head tears up pretrained features; what is right for these leaves the
#   head where it is.
# - **Parameters in two groups, or in none.** PyTorch reports the first. The second is silent: they just never move.
# - **Choosing the recipe on the held-out artist.** Then she is not held out any more, and you need a fourth.
#
# ## Scale it up
#
# The `gpu` profile runs this notebook with pictures of 224 by 224, the size for which the weights were made, with more
# labels, and with `cut` at 0: every stage thaws, and what is stored are the inputs. Predict two things first. Does the
# gap between known and held-out artist close when the pictures are larger? And does fine-tuning now gain more over the
# probe? With other pictures than these stand-ins, such as the ten classes of CIFAR-10 (`scratchlab data list`) or the 37
# breeds of the Oxford pets, only the cell that makes the pictures changes; exercise 6 says what to aim for.
#
# ## Exercises
#
# 1. [conceptual] A picture costs $f$ operations forward and $3f$ with training. You have $n$ labeled pictures, fine-tune
#    the upper third of the operations for $E$ epochs, and store features at the cut. What is the cost compared with
#    fine-tuning everything, for large $E$? And what if you want mirrored copies of each picture? *Success*: your ratio
#    for $E = 10$ lies between 0.3 and 0.4, and you name the factor that mirroring multiplies the stored part by.
# 2. [short-code] Probe at every depth: averages over places after stage 1, 2, ..., 9, one probe each. *Success*: a curve
#    of accuracy against depth for both kinds of tests, over all tenths, and a sentence on where it is highest; the page
#    of this week says why that need not be the end.
# 3. [short-code] Leave out `hold_statistics`, so that thawed stages normalize with the batch. *Success*: the paired
#    difference to the fine-tuned network of the experiment, over all tenths, with its interval, for both kinds of tests.
# 4. [short-code] Skip the probe: fine-tune from a random head, all stages above the cut free from the first epoch.
#    *Success*: the paired difference to "probe, then fine-tuning", with its interval, for both kinds of tests, and a
#    sentence on whether it agrees with the result of Kumar and others.
# 5. [short-code] Fine-tune with the rate 0.001 instead of this profile's (`lab.params["lr"]`), all else equal. *Success*:
#    the paired difference to the probe, with its interval, for both kinds of tests, and a sentence on which of the two
#    suffers more, and what the section "Features that travel" of this week's page has to say about it.
# 6. [extended] CIFAR-10 on a GPU: enlarge the pictures to 224 by 224 and fine-tune all stages on all labels. *Success*:
#    at least 95 % of the test pictures right, with the recipe fixed on a part of the training pictures.
#
# ## References
#
# - J. Yosinski, J. Clune, Y. Bengio and H. Lipson (2014). *How transferable are features in deep neural networks?* NeurIPS.
#   <https://arxiv.org/abs/1411.1792>. Section 4: what happens at each depth.
# - J. Howard and S. Ruder (2018). *Universal language model fine-tuning for text classification.* ACL.
#   <https://arxiv.org/abs/1801.06146>. Section 3.2: discriminative rates (the factor 2.6); 3.3: gradual unfreezing.
# - A. Kumar, A. Raghunathan, R. Jones, T. Ma and P. Liang (2022). *Fine-tuning can distort pretrained features and
#   underperform out-of-distribution.* ICLR. <https://arxiv.org/abs/2202.10054>. The probe first.
# - S. Kornblith, J. Shlens and Q. V. Le (2019). *Do better ImageNet models transfer better?* CVPR.
#   <https://arxiv.org/abs/1805.08974>. Section 4: probes, fine-tuning and scratch on twelve data sets.
# - S. Ioffe and C. Szegedy (2015). *Batch normalization.* ICML. <https://arxiv.org/abs/1502.03167>. Section 3.1: the two
#   modes.
# - M. Tan and Q. V. Le (2019). *EfficientNet: rethinking model scaling for convolutional neural networks.* ICML.
#   <https://arxiv.org/abs/1905.11946>; the Lite variants:
#   <https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>. The weights are theirs
#   (Apache-2.0), converted for PyTorch.
# - H. Touvron, A. Vedaldi, M. Douze and H. Jégou (2019). *Fixing the train-test resolution discrepancy.* NeurIPS.
#   <https://arxiv.org/abs/1906.06423>. Why small pictures cost accuracy.
# - PyTorch, `torch.optim.Optimizer.add_param_group`:
#   <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html>. The emoji: OpenMoji (CC
#   BY-SA 4.0), Twemoji (CC BY 4.0) and Noto Emoji (Apache-2.0). The photographs are scikit-learn's sample images, CC BY
#   2.0.
