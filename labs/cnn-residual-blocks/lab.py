# %% [markdown]
# # Residual blocks
#
# Stack more layers and a network can compute more; still, beyond some depth it gets *worse*, even on the very pictures
# that it trains on. You will see this happen within a minute, and then build the four kinds of block with which people
# have answered: **plain**, **residual**, **pre-activation** and **bottleneck**. Your blocks will take torchvision's
# weights and give its outputs, to the last digits, up to a whole ResNet-50. The question of the lab: **how can one
# addition per block undo the harm that depth does, and what exactly was the harm?**

# %% [markdown]
# ## You will learn
#
# - to show degradation where it happens, in the training loss, and to prove that it is no lack of capacity;
# - to write the residual, the pre-activation and the bottleneck block, with a shortcut that fits any change of shape;
# - to build a network of any depth out of any block, and to count its layers and parameters;
# - to measure the gradients inside a network with hooks, and to predict how fast they grow;
# - to run a depth study over seeds and to report it with intervals;
# - to exchange the blocks of torchvision's networks for your own without changing a single answer.
#
# ## You need
#
# The lab *cnn-convolution* for convolution, stride, padding and channels, and the lab *torch-regression* for modules,
# the `state_dict` and the training loop. The page of this week derives He's initialization, batch normalization and the
# sum of paths through residual blocks; here you build and measure what it says.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import copy
import gzip
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from scipy.stats import t as student_t
from sklearn.datasets import load_digits
from torch import Tensor, nn

import scratchlab
from scratchlab import plot

lab = scratchlab.start("cnn-residual-blocks", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: deeper, and worse
#
# The pictures are the 1,797 handwritten digits of scikit-learn, 8 by 8 pixels (in the `gpu` profile Fashion-MNIST, 28
# by 28). All of them are for training, and none is kept for a test: this lab asks how well a network can be *trained*,
# so the training loss is what counts.


# %%
def load() -> tuple[Tensor, Tensor]:
    """Pictures (n, 1, side, side), float32 with mean 0 and standard deviation 1, and labels (n,), int64, on the lab's device."""
    if lab.params["data"] == "digits":
        digits = load_digits()
        pixels, labels = digits.images, digits.target
    else:
        folder = lab.data("fashion-mnist")
        with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
            pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
        with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
            labels = np.frombuffer(file.read(), np.uint8, offset=8)
    X = torch.from_numpy(pixels.astype(np.float32))[:, None]
    return ((X - X.mean()) / X.std()).to(lab.device), torch.from_numpy(labels.astype(np.int64)).to(lab.device)


X, y = load()
print(f"{len(X):,} pictures of shape {tuple(X.shape[1:])}, labels 0 to {y.max()}")

# %% [markdown]
# Below is a **plain block**: two convolutions of 3 by 3, each followed by batch normalization and a ReLU. It is given,
# and it sets the form that all your blocks will follow. `inplanes` and `planes` are torchvision's words for the numbers
# of input and output channels; the names of the layers are torchvision's, too. The convolutions have no bias, because
# the normalization after them subtracts the mean, and a constant along with it. The two class attributes will matter
# when a network is made of blocks.


# %%
def conv3x3(inplanes: int, planes: int, stride: int = 1) -> nn.Conv2d:
    """A 3 by 3 convolution without bias; at stride 1 the picture keeps its size."""
    return nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)


def conv1x1(inplanes: int, planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1 by 1 convolution without bias: at each place, a linear map from channels to channels."""
    return nn.Conv2d(inplanes, planes, 1, stride, bias=False)


class PlainBlock(nn.Module):
    """Two layers, one after the other: (N, inplanes, H, W) -> (N, planes, H / stride, W / stride), rounded up."""

    expansion = 1  # output channels for each of `planes`
    preactivation = False  # whether normalization and ReLU stand before the convolutions

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, planes, H', W')."""
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


# %% [markdown]
# Two helpers to train: the first draws weights by He's rule, the second takes steps with the recipe of the paper that
# this lab follows, gradient descent with momentum 0.9.


# %%
def he_start(module: nn.Module) -> nn.Module:
    """Draw all convolutions of `module` by He's rule, with variance 2 / (output channels x kernel area); returns the module."""
    for each in module.modules():
        if isinstance(each, nn.Conv2d):
            nn.init.kaiming_normal_(each.weight, mode="fan_out", nonlinearity="relu")
    return module


def train(model: nn.Module, seed: int, steps: int) -> Tensor:
    """Train `model` in place on random batches of X, y; returns the loss of every step, shape (steps,)."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.train().to(lab.device).parameters(), lr=lab.params["rate"], momentum=0.9, fused=True)
    losses = []
    for _ in range(steps):
        rows = torch.randint(len(X), (lab.params["batch"],), generator=generator).to(X.device)
        loss = F.cross_entropy(model(X[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def smooth(values: Tensor, width: int = 10) -> Tensor:
    """Running mean over `width` neighbors: (n,) -> (n - width + 1,)."""
    return values.unfold(0, width, 1).mean(1)


# %% [markdown]
# **Predict**: one network has 3 plain blocks, the other 13, all with 8 channels, and a last linear layer each. Both
# train for the same number of steps, on the same batches. Which of them ends with the lower training loss?


# %%
def stack(blocks: int, seed: int) -> nn.Sequential:
    """A network of plain blocks with 8 channels, the mean over all places, and a linear layer to 10 scores."""
    torch.manual_seed(seed)
    body = [PlainBlock(1, 8), *[PlainBlock(8, 8) for _ in range(blocks - 1)]]
    return he_start(nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)))


shallow, deep = stack(3, lab.seed), stack(13, lab.seed)
losses = {name: train(net, lab.seed, lab.params["first_steps"]) for name, net in (("7 layers", shallow), ("27 layers", deep))}
plot.lines(
    {name: smooth(values) for name, values in losses.items()},
    x="step",
    y="training loss (mean of 10 steps)",
    caption="Two plain networks, trained on the same batches: the loss on the training pictures.",
    alt="Two curves that start together. After 40 steps that of 7 layers falls much faster than that of 27 layers.",
)

claim("the deeper plain network ends with the higher training loss", losses["27 layers"][-10:].mean() > losses["7 layers"][-10:].mean())

# %% [markdown]
# The deeper network is worse, on the pictures that it trains on. That cannot be overfitting. Is it too small, then? It
# cannot be that either, for it *contains* the shallow one: train 3 blocks, add 10 that pass on what they get, and you
# have 27 layers with the very same answers. `make_identity` writes down the weights of such a block. Each convolution
# becomes a *Dirac* kernel, a 1 in the middle of its own channel and 0 elsewhere; a new normalization in evaluation mode
# divides by $\sqrt{1 + \epsilon}$, and its gain undoes that; and the ReLUs change nothing, because what comes out of
# the block before is never negative. (`update_bn` first replaces the running statistics, which trail behind the
# weights, by those of all the pictures.)


# %%
@torch.no_grad()
def make_identity(block: PlainBlock) -> PlainBlock:
    """Set the weights of a new block so that, in evaluation mode, it passes on any input without negative numbers."""
    for conv, norm in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(conv.weight)
        norm.weight.fill_(math.sqrt(1 + norm.eps))
    return block


@torch.no_grad()
def full_loss(model: nn.Module) -> float:
    """The loss of `model` in evaluation mode on the first 1,797 training pictures."""
    return F.cross_entropy(model.eval().to(lab.device)(X[:1797]), y[:1797]).item()


def lengthened(extra: list[nn.Module]) -> nn.Sequential:
    """The trained shallow network with the blocks `extra` put in before its last three layers."""
    return nn.Sequential(*shallow[:3], *extra, *shallow[3:])


torch.optim.swa_utils.update_bn([X[:1797]], shallow)
copied = lengthened([make_identity(PlainBlock(8, 8)) for _ in range(10)])
print(f"7 layers, trained:    loss {full_loss(shallow):.4f}")
print(f"27 layers, copied:    loss {full_loss(copied):.4f}")
print(f"27 layers, trained:   loss {losses['27 layers'][-10:].mean():.4f}")
claim("27 plain layers can have the loss of 7, to two decimals", abs(full_loss(copied) - full_loss(shallow)) < 5e-3)

# %% [markdown]
# So a good deep network exists, and training did not find it. He and his colleagues called this *degradation*. Look at
# what it takes for a plain block to copy: two Dirac convolutions, more than a thousand weights with exact values.
# Gradient descent from a random start has no reason to go there.
#
# ## 1. The residual block
#
# If copying is hard to learn, make it the starting point. Let $F$ be the **branch**, the two convolutions with their
# normalizations, and let the block *add* it to its input:
#
# $$F(x) = \mathrm{BN}_2\big(W_2 * \mathrm{relu}(\mathrm{BN}_1(W_1 * x))\big), \qquad
# \mathrm{block}(x) = \mathrm{relu}\big(F(x) + s(x)\big).$$
#
# The second ReLU has moved: it comes *after* the sum. Now copying takes a branch of zeros.
#
# The **shortcut** $s$ is $x$ itself where the shapes allow it. Where a block changes the number of channels, or has a
# stride above 1, $x$ and $F(x)$ cannot be added. There, and only there, the shortcut is a 1 by 1 convolution with the
# block's stride, followed by batch normalization. torchvision calls this module `downsample`, an `nn.Sequential` of the
# two; everywhere else `downsample` is `None`. The stride of the branch is on its *first* convolution.
#
# **Predict**: how many weights has a block from 8 to 8 channels more than a plain block? And one from 8 to 16?
#
# **Write** `BasicBlock`. The names decide whether torchvision's weights fit: `conv1`, `bn1`, `conv2`, `bn2`, `relu`,
# `downsample`.


# %% solution="basic"
class BasicBlock(nn.Module):
    """The residual block of two 3 by 3 convolutions; layers as in `PlainBlock`, and `downsample` for the shortcut.

    Define forward(self, x): (N, inplanes, H, W) -> (N, planes, H / stride, W / stride), rounded up. x is left as it was.
    """

    expansion = 1
    preactivation = False

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or inplanes != planes:
            self.downsample = nn.Sequential(conv1x1(inplanes, planes, stride), nn.BatchNorm2d(planes))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, planes, H', W')."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + shortcut)
        ### END SOLUTION


# %%
assert BasicBlock(8, 16, stride=2)(torch.ones(5, 8, 7, 7)).shape == (5, 16, 4, 4)
assert BasicBlock(8, 8).downsample is None and len(BasicBlock(8, 16).downsample) == 2

# %% check="basic" points=2
check("basic")

# %% [markdown]
# **See it.** The last normalization of the branch multiplies by its gain $\gamma$. Set $\gamma = 0$ in a *new* block,
# all other weights as random as they came, and the branch is silent. Put 10 new blocks into the trained shallow
# network: plain ones, and residual ones with $\gamma = 0$.


# %%
def silenced(block: nn.Module) -> nn.Module:
    """The block with the gain of the last normalization in its branch set to 0."""
    nn.init.zeros_(block.bn2.weight)
    return block


torch.manual_seed(lab.seed)
quiet = lengthened([silenced(he_start(BasicBlock(8, 8))) for _ in range(10)])
print(f"as it was:                        loss {full_loss(shallow):.4f}")
print(f"with 10 new plain blocks:         loss {full_loss(lengthened([he_start(PlainBlock(8, 8)) for _ in range(10)])):.4f}")
print(f"with 10 silent residual blocks:   loss {full_loss(quiet):.4f}")
with torch.no_grad():
    same = torch.equal(quiet.eval()(X[:100]), shallow.eval()(X[:100]))
claim("20 residual layers with zero gain change no answer by a single bit", same)

# %% [markdown]
# The plain blocks wipe out what the network knew: a loss of $\ln 10 \approx 2.3$ is guessing. Eight zeros per block are
# enough to copy, where the plain block needed two whole convolutions. This start, $\gamma = 0$, is in wide use for long
# training (`zero_init_residual=True` in torchvision); exercise 2 finds out what it does to a short one.
#
# ## 2. Before or after: pre-activation
#
# In the block above the sum passes through a ReLU, so even a silent block turns negative numbers to 0, and a signal on
# the shortcut meets one ReLU per block. The same authors therefore moved normalization and ReLU to the *front* of each
# convolution, and left nothing after the sum:
#
# $$F(x) = W_2 * \mathrm{relu}\big(\mathrm{BN}_2(W_1 * \underbrace{\mathrm{relu}(\mathrm{BN}_1(x))}_{a})\big), \qquad
# \mathrm{block}(x) = x + F(x).$$
#
# Now $x_{l+1} = x_l + F(x_l)$ holds exactly, and the sum over blocks in the page of this week is an equation. Where the
# shapes differ, the shortcut is a 1 by 1 convolution of the **activated** input $a$, with the block's stride and
# *without* a normalization of its own, since $a$ is normalized already: $\mathrm{block}(x) = W_s * a + F(x)$.
#
# **Predict**: `bn1` normalizes `inplanes` or `planes` channels? And `bn2`?
#
# **Write** `PreActBlock`, with `bn1`, `conv1`, `bn2`, `conv2`, `relu`, and a `downsample` that is `None` or a 1 by 1
# convolution.


# %% solution="preactivation"
class PreActBlock(nn.Module):
    """The pre-activation block: normalization and ReLU before each of two 3 by 3 convolutions, and nothing after the sum.

    Define forward(self, x): (N, inplanes, H, W) -> (N, planes, H / stride, W / stride), rounded up. x is left as it was.
    """

    expansion = 1
    preactivation = True

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        ### BEGIN SOLUTION
        self.bn1, self.conv1 = nn.BatchNorm2d(inplanes), conv3x3(inplanes, planes, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv3x3(planes, planes)
        self.relu = nn.ReLU()
        self.downsample = conv1x1(inplanes, planes, stride) if stride != 1 or inplanes != planes else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, planes, H', W')."""
        active = self.relu(self.bn1(x))
        shortcut = x if self.downsample is None else self.downsample(active)
        out = self.conv1(active)
        return shortcut + self.conv2(self.relu(self.bn2(out)))
        ### END SOLUTION


# %%
assert PreActBlock(8, 16, stride=2)(torch.ones(5, 8, 7, 7)).shape == (5, 16, 4, 4)
assert PreActBlock(8, 8).downsample is None and isinstance(PreActBlock(8, 16).downsample, nn.Conv2d)

# %% check="preactivation" points=2
check("preactivation")

# %% [markdown]
# **See it.** What happens to the size of a signal? By He's rule each branch adds a variance of about 1, whatever its
# input, because the input is normalized first. Then $l$ blocks should turn a variance of 1 into $1 + l$.


# %%
@torch.no_grad()
def mean_squares(block: Callable[..., nn.Module], blocks: int, seed: int) -> list[float]:
    """Mean square of a random signal with 32 channels, at first and after each of `blocks` new blocks in training mode."""
    torch.manual_seed(seed)
    x = torch.randn(16, 32, 16, 16)
    sizes = [x.square().mean().item()]
    for _ in range(blocks):
        x = he_start(block(32, 32))(x)
        sizes.append(x.square().mean().item())
    return sizes


kinds = {"plain": PlainBlock, "residual": BasicBlock, "pre-activation": PreActBlock}
sizes = {name: np.mean([mean_squares(block, 20, seed) for seed in lab.seeds(3)], axis=0) for name, block in kinds.items()}
plot.lines(
    {**sizes, "1 + l": np.arange(1, 22)},
    log_y=True,
    x="number of blocks l",
    y="mean square of the signal",
    caption="A random signal on its way through 20 new blocks of each kind, mean of three networks; logarithmic axis.",
    alt="The plain curve is flat at one half. The pre-activation curve follows 1 + l up to about 20; the residual curve runs a little below.",
)
record("preactivation_growth", (sizes["pre-activation"][-1] - 1) / 20)

# %% [markdown]
# In a plain network every normalization resets the size: whatever a block does, the next one forgets how large it was.
# On a shortcut the contributions add up, so block $l$ adds one part in $l + 1$ of what is there. The deeper a residual
# block lies, the closer it starts to a copy. (The measured curve stays a little below $1 + l$, because at the rim of
# the picture a 3 by 3 convolution sees zeros. The residual curve is lower still: its ReLU after the sum deletes what is
# negative.)
#
# ## 3. The bottleneck
#
# A 3 by 3 convolution costs $9\,C^2$ weights for $C$ channels, too much for the wide layers of a large network. The
# **bottleneck** squeezes to `planes` channels with a 1 by 1 convolution, works there with a 3 by 3, and expands with a
# 1 by 1 to `4 * planes`:
#
# $$F(x) = \mathrm{BN}_3\big(W_3 * \mathrm{relu}(\mathrm{BN}_2(W_2 * \mathrm{relu}(\mathrm{BN}_1(W_1 * x))))\big), \qquad
# \mathrm{block}(x) = \mathrm{relu}\big(F(x) + s(x)\big),$$
#
# with the shortcut of section 1. Mind two details. The output has `expansion * planes` channels, with `expansion = 4`,
# and `inplanes` must be compared with *that*. And the stride: the paper put it on the first 1 by 1 convolution, which
# then looks at one pixel of four and throws the others away. torchvision puts it on the **3 by 3** one, where no pixel
# goes unseen. This variant is known as ResNet v1.5, and it is the one to build.
#
# **Predict**: which of `Bottleneck(64, 64)`, `Bottleneck(256, 64)` and `Bottleneck(256, 256)` need a `downsample`?
#
# **Write** `Bottleneck`: `conv1`, `bn1`, `conv2`, `bn2`, `conv3`, `bn3`, `relu`, `downsample`.


# %% solution="bottleneck"
class Bottleneck(nn.Module):
    """The residual block of 1 by 1, 3 by 3 and 1 by 1 convolutions, with the stride on the 3 by 3 one (ResNet v1.5).

    Define forward(self, x): (N, inplanes, H, W) -> (N, 4 * planes, H / stride, W / stride), rounded up. x is left as it was.
    """

    expansion = 4
    preactivation = False

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        ### BEGIN SOLUTION
        outplanes = planes * self.expansion
        self.conv1, self.bn1 = conv1x1(inplanes, planes), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes, stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv1x1(planes, outplanes), nn.BatchNorm2d(outplanes)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or inplanes != outplanes:
            self.downsample = nn.Sequential(conv1x1(inplanes, outplanes, stride), nn.BatchNorm2d(outplanes))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, 4 * planes, H', W')."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + shortcut)
        ### END SOLUTION


# %%
assert Bottleneck(8, 4, stride=2)(torch.ones(5, 8, 7, 7)).shape == (5, 16, 4, 4)
assert Bottleneck(16, 4).downsample is None

# %% check="bottleneck" points=2
check("bottleneck")

# %% [markdown]
# **See it.** The price of a block, in weights of its convolutions.

# %%
for name, block in {
    "basic, 64 channels": BasicBlock(64, 64),
    "basic, 256 channels": BasicBlock(256, 256),
    "bottleneck, 256 channels": Bottleneck(256, 64),
}.items():
    convolutions = sum(each.weight.numel() for each in block.modules() if isinstance(each, nn.Conv2d))
    print(f"{name:25s} {convolutions:9,} weights in convolutions, {sum(p.numel() for p in block.parameters()):9,} parameters")
record("bottleneck_weights", sum(each.weight.numel() for each in Bottleneck(256, 64).modules() if isinstance(each, nn.Conv2d)))

# %% [markdown]
# The bottleneck carries 256 channels at the price of a basic block with 64. Compare the printed counts with the sums in
# the page of this week.
#
# ## 4. A network of any block
#
# The networks with which degradation was shown on CIFAR-10 are simple: a 3 by 3 convolution, three **stages** of $n$
# blocks each, the mean over all places, and a linear layer to the scores. The stages have $w$, $2w$ and $4w$ planes;
# the first block of the second and of the third stage has stride 2, all others have stride 1. With two convolutions per
# block that makes
#
# $$1 + 3 \cdot n \cdot 2 + 1 = 6n + 2$$
#
# layers (the convolutions of shortcuts are not counted): 8, 20, 32, 44, 56, 110. One question depends on the block.
# Normalization and ReLU follow the first convolution, if the blocks are as in section 1. Pre-activation blocks bring
# their own to the front, so there they stand *after the last block* instead, which would otherwise hand a bare sum to
# the linear layer. The block's attribute `preactivation` tells which.
#
# **Predict**: for which of the blocks does the linear layer have $16w$ inputs?
#
# **Write** `ResNet`. Its layers are `conv1`, `bn1`, `layer1`, `layer2`, `layer3` (each an `nn.Sequential` of $n$
# blocks) and `fc`. Keep track of the number of channels: after a block it is `planes * block.expansion`. At the end of
# `__init__`, draw the weights with `he_start(self)`.


# %% solution="network"
class ResNet(nn.Module):
    """The network for small pictures: conv1, three stages of n blocks with `width`, 2 `width`, 4 `width` planes, mean, fc.

    block: a class such as BasicBlock, called block(inplanes, planes, stride). inputs: channels of the pictures.
    Define forward(self, x): pictures (N, inputs, H, W) -> scores (N, classes), without a softmax.
    """

    def __init__(self, block: type[nn.Module], n: int, width: int = 8, inputs: int = 1, classes: int = 10):
        super().__init__()
        ### BEGIN SOLUTION
        self.preactivation = block.preactivation
        self.conv1, channels = conv3x3(inputs, width), width
        for stage in range(3):
            planes, blocks = width * 2**stage, []
            for number in range(n):
                blocks.append(block(channels, planes, stride=2 if stage > 0 and number == 0 else 1))
                channels = planes * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1, self.relu = nn.BatchNorm2d(channels if self.preactivation else width), nn.ReLU()
        self.fc = nn.Linear(channels, classes)
        he_start(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, classes)."""
        x = self.conv1(x)
        if not self.preactivation:
            x = self.relu(self.bn1(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        if self.preactivation:
            x = self.relu(self.bn1(x))
        return self.fc(x.mean((2, 3)))
        ### END SOLUTION


# %%
assert ResNet(BasicBlock, 1)(torch.ones(2, 1, 8, 8)).shape == (2, 10)
assert ResNet(PreActBlock, 1).bn1.num_features == 32 and ResNet(BasicBlock, 1).bn1.num_features == 8
assert ResNet(Bottleneck, 1).fc.in_features == 128

# %% check="network" points=2
check("network")

# %% [markdown]
# **See it.** The networks of the paper had $w = 16$ and color pictures. Its table gives 0.27, 0.46, 0.66, 0.85 and 1.7
# million parameters for these depths.


# %%
def parameters(model: nn.Module) -> int:
    """How many numbers the model learns."""
    return sum(each.numel() for each in model.parameters())


for n in (3, 5, 7, 9, 18):
    plain, residual = (parameters(ResNet(block, n, width=16, inputs=3)) for block in (PlainBlock, BasicBlock))
    print(f"n = {n:2d}: {6 * n + 2:3d} layers, plain {plain:9,} parameters, residual {residual:9,} ({residual - plain:,} more)")
record("plain_56_parameters", parameters(ResNet(PlainBlock, 9, width=16, inputs=3)))

# %% [markdown]
# The residual networks cost as much as the plain ones, except for two projections, the same two at every depth. (The
# paper had none on CIFAR-10: where channels double, it padded $x$ with zeros.) So whatever you are about to see, it is
# not bought with parameters.
#
# ## 5. What the gradients do
#
# The usual suspect for trouble with depth is the *vanishing gradient*. Do not believe it; measure. Let $x_l$ be the
# output of block $l$ and $L$ the mean cross-entropy of a batch. You want
#
# $$g_l = \Big\lVert \frac{\partial L}{\partial x_l} \Big\rVert, \qquad l = 1, \dots, D,$$
#
# the square root of the sum of all squares. The outputs $x_l$ are made deep inside `model(x)`, out of reach. PyTorch's
# tool for this is a **hook**: `handle = block.register_forward_hook(f)` has PyTorch call `f(block, inputs, output)`
# each time the block has run, until `handle.remove()`. Let hooks collect the outputs, and then ask
# `torch.autograd.grad(loss, outputs)` for all the gradients. Unlike `backward()`, it leaves the `.grad` of the
# parameters alone. A measurement should leave no trace: remove the hooks.
#
# **Predict**, for a new plain network of 44 layers: is $g_1$ smaller than $g_D$, equal, or larger? By what factor?
#
# **Write** `gradient_norms`.


# %%
def blocks_of(model: nn.Module) -> list[nn.Module]:
    """The blocks of a `ResNet`, from the first to the last."""
    return [*model.layer1, *model.layer2, *model.layer3]


# %% solution="gradients"
def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    """Norms of the gradients of the mean cross-entropy with respect to the output of each block, from first to last.

    model: a `ResNet`, run in the mode in which it is. x: pictures (N, inputs, H, W). y: labels (N,).
    No hook is left behind, and the .grad of the parameters stays as it was. Returns plain floats.
    """
    ### BEGIN SOLUTION
    outputs = []
    handles = [block.register_forward_hook(lambda _, __, out: outputs.append(out)) for block in blocks_of(model)]
    loss = F.cross_entropy(model(x), y)
    for handle in handles:
        handle.remove()
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, outputs)]
    ### END SOLUTION


# %%
assert len(gradient_norms(ResNet(BasicBlock, 2), torch.randn(4, 1, 8, 8), torch.tensor([0, 1, 2, 3]))) == 6

# %% check="gradients" points=1
check("gradients")

# %% [markdown]
# **See it.** New networks of 44 layers, in training mode, on 256 pictures; the norms are divided by the last one.


# %%
def relative_norms(block: type[nn.Module], seed: int) -> np.ndarray:
    """Gradient norms at the outputs of all blocks of a new network with 44 layers, divided by the last one; shape (21,)."""
    torch.manual_seed(seed)
    norms = gradient_norms(ResNet(block, 7).to(lab.device), X[:256], y[:256])
    return np.array(norms) / norms[-1]


norms = {name: np.exp(np.mean([np.log(relative_norms(block, s)) for s in lab.seeds(3)], axis=0)) for name, block in kinds.items()}
plot.lines(
    norms,
    xs=range(1, 22),
    log_y=True,
    x="block (1 is next to the picture)",
    y="gradient norm, last block = 1",
    caption="Gradients on their way back through new networks of 44 layers, geometric mean of three; logarithmic axis.",
    alt="The plain curve falls in a straight line from several hundred at the first block to 1 at the last. The others start at about 20.",
)
growth = {name: values[0] ** (1 / (len(values) - 1)) for name, values in norms.items()}
for name, factor in growth.items():
    print(f"{name:15s} first block / last block {norms[name][0]:7.1f}, on average a factor of {factor:.3f} per block")

# %%
record("plain_gradient_growth", growth["plain"])
record("residual_gradient_growth", growth["residual"])
claim("in the plain network gradients do not vanish: they grow more than fiftyfold on their way back", norms["plain"][0] > 50)

# %% [markdown]
# Nothing vanishes. In the plain network gradients *explode*, by a constant factor per block, and the culprit is the
# normalization itself. Look at one layer, $z = W * \mathrm{relu}(\hat x)$ with $\hat x$ standard normal, followed by a
# division by the standard deviation $\sigma$ of $z$. Let $q$ be the number of terms in each sum times the variance of a
# weight.
#
# - Forward, $\sigma^2 = q\,\operatorname{Var}(\mathrm{relu}(\hat x)) = q\,(\tfrac12 - \tfrac1{2\pi})$. It is the
#   *variance*, since normalization subtracts the mean.
# - Backward, a squared gradient is divided by $\sigma^2$, multiplied by $q$ in the convolution, and halved by the ReLU.
#
# Together, per layer, $\frac{q/2}{q\,(1/2 - 1/(2\pi))} = \frac{\pi}{\pi - 1} \approx 1.47$ in the square. A block has
# two layers, so per block that is the factor for the norm itself. No choice of $q$ changes it. The measured factor is
# somewhat lower, mostly because of the zeros around the picture: they make the mean of $z$ differ from place to place,
# which counts as variance, and most so on the small pictures of the last stages (exercise 6). On a shortcut the
# gradient comes through undivided, and the branch's share shrinks as $1/(l+1)$, as you saw in section 2. So the factor
# per block goes to 1, and the curves are no straight lines. At the blocks 8 and 15, where stages begin, they start
# anew: a projection normalizes the grown sum, and divides the gradient along with it.
#
# Does this *explain* degradation? It is one part: a step that suits the last blocks is hundreds of times too large for
# the first, though after a few such steps normalization tames it, because larger weights have smaller gradients. The
# page of this week names another part, the gradients' direction. What you can say for sure is what you measure next.
#
# ## Experiment: the depth study
#
# Three kinds of block, three depths, several seeds. Within a seed all networks see the same batches. Reported is the
# mean training loss of the last ten steps, and for each difference a 95 % interval of its mean. With so few seeds the
# bootstrap would be too sure of itself, so the interval is Student's, $\bar d \pm t_{0.975}\, s/\sqrt{m}$ for $m$
# seeds.
#
# **Predict** the order of the nine results before you run the cells.


# %%
def final_loss(block: type[nn.Module], n: int, seed: int) -> float:
    """Mean training loss of the last ten steps of a new network with 6 n + 2 layers."""
    torch.manual_seed(seed)
    model = ResNet(block, n, lab.params["width"])
    return train(model, seed, lab.params["steps"])[-10:].mean().item()


def interval(values: np.ndarray) -> tuple[float, float]:
    """Student's 95 % interval of the mean of `values`, shape (m,)."""
    half = student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return values.mean() - half, values.mean() + half


# %%
counts = [lab.params["short"], lab.params["middle"], lab.params["long"]]
depths, seeds = [6 * n + 2 for n in counts], lab.seeds(lab.params["seeds"])
study = {name: np.array([[final_loss(block, n, s) for s in seeds] for n in counts]) for name, block in kinds.items()}
for name, found in study.items():  # (depths, seeds)
    for depth, values in zip(depths, found, strict=True):
        low, high = interval(values)
        print(f"{name:15s} {depth:3d} layers: loss {values.mean():.3f}, 95 % interval {low:.3f} to {high:.3f}")
plot.lines(
    {name: found.mean(1) for name, found in study.items()},
    xs=depths,
    bands={name: tuple(np.array([interval(values) for values in found]).T) for name, found in study.items()},
    x="layers",
    y="training loss at the end",
    caption="The same steps on the same batches, at three depths: mean over seeds, with 95 % intervals.",
    alt="The plain curve rises steeply with the number of layers; the residual and pre-activation curves rise a little.",
)

# %%
harm = study["plain"][2] - study["plain"][0]
cure = study["plain"][2] - study["residual"][2]
lead = study["plain"][1] - study["residual"][2]
for name, values in {"harm": harm, "cure": cure, "lead": lead}.items():
    print(f"{name}: mean {values.mean():.3f}, 95 % interval {interval(values)[0]:.3f} to {interval(values)[1]:.3f}")
for name, found in study.items():
    record(f"{name.replace('-', '')}_deep", found[2].mean())
record("plain_shallow", study["plain"][0].mean())
record("cure", cure.mean())
claim("harm: the deepest plain network trains worse than the shallowest; the 95 % interval is above 0", interval(harm)[0] > 0)
claim("cure: at the largest depth residual blocks train better than plain ones; the interval is above 0", interval(cure)[0] > 0)
claim("lead: the deepest residual network beats the plain one of middle depth; the interval is above 0", interval(lead)[0] > 0)

# %% [markdown]
# This is the observation of the paper in small: the same layers, the same data, the same steps, and depth ruins the
# training of the one and does far less to the other. Read the figure with two reservations, too. The residual curves
# also rise: these digits are easy and the training is short, so depth has nothing to win here, and what it costs to get
# going remains visible; compare the slopes of the two curves. And short training shows that a plain network is
# *slower*, not that it would stay behind for ever; exercise 4 lets it run on, and it is worth doing.
#
# ## Against the real thing
#
# torchvision's ResNets are made of its own `BasicBlock` (ResNet-18, 34) and `Bottleneck` (50, 101, 152). Take a whole
# network, replace every block by yours, and let yours load the weights of the block it replaces. The weights are random
# here, so that nothing has to be downloaded; a step in training mode makes the running statistics less trivial.


# %%
def with_your_blocks(theirs: nn.Module) -> nn.Module:
    """A copy of torchvision's ResNet in which every block is yours, with the weights of the block that it replaces."""
    model = copy.deepcopy(theirs)
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        for place, block in enumerate(stage):
            kind = Bottleneck if hasattr(block, "conv3") else BasicBlock
            mine = kind(block.conv1.in_channels, block.conv1.out_channels, block.stride).to(block.conv1.weight)
            mine.load_state_dict(block.state_dict())
            stage[place] = mine
    return model


@torch.no_grad()
def logit_gap(theirs: nn.Module, pictures: Tensor) -> float:
    """Largest difference of the logits in training and in evaluation mode, relative to the largest logit."""
    yours, gaps = with_your_blocks(theirs), []
    for mode in (True, False):
        logits, expected = (model.train(mode)(pictures) for model in (yours, theirs))
        gaps.append(((logits - expected).abs().max() / expected.abs().max()).item())
    return max(gaps)


# %%
torch.manual_seed(lab.seed)
pictures = torch.randn(2, 3, 64, 64, dtype=torch.float64)
gaps = {}
for name in ("resnet18", "resnet50"):
    theirs = getattr(torchvision.models, name)(weights=None).double()
    gaps[name] = logit_gap(theirs, pictures)
    yours = with_your_blocks(theirs)
    answer = theirs.load_state_dict(yours.state_dict())
    print(f"{name}: {parameters(yours):,} parameters, largest relative difference {gaps[name]:.1e}; and back: {answer}")
record("logit_gap", max(gaps.values()))
record("resnet50_parameters", parameters(yours))
claim("with your blocks, ResNet-18 and ResNet-50 give torchvision's logits in both modes", max(gaps.values()) < 1e-12)

# %% [markdown]
# The blocks agree, so in your own work take torchvision's, or those of the package timm. What do they do better?
#
# - They come with weights: `torchvision.models.resnet50(weights="DEFAULT")` has learned from ImageNet's 1.28 million
#   pictures. By the cell above, your blocks can use them, too. The lab *cnn-transfer* starts from such features.
# - Their ReLUs work `inplace`, and they add with `+=` to the branch (never to $x$), which saves memory.
# - They have options: grouped convolutions (ResNeXt), wide bottlenecks, dilation, another normalization. timm adds
#   pre-activation networks, averaging on the shortcut, and stochastic depth.
#
# And they warn of a trap: equal *names* are not equal *functions*. A `state_dict` holds shapes and numbers, but neither
# strides nor the place of a ReLU. Exercise 3 makes a block that loads every weight without complaint and computes
# something else.

# %% [markdown] answer="why-it-works" points=2
# ## In your own words
#
# 1. A colleague says: "The 27-layer network at the beginning has too many parameters for 1,797 pictures. It overfits."
#    Name two observations of this lab that speak against it, and say for each what it rules out.
# 2. For pre-activation blocks without projections, $x_{l+1} = x_l + F_l(x_l)$. In one dimension, write $dL/dx_l$ as a
#    product over the blocks from $l$ to the last one, $D - 1$, and compare it with a plain network,
#    $x_{l+1} = F_l(x_l)$. Why can a single block with $F_l' = 0$ cut off the plain network, but not the residual one?
#    What does a ReLU after the sum change?
#
# ### BEGIN SOLUTION
# 1. First, its *training* loss is the higher one. A network that overfits has a low training loss, so this is a failure
#    of optimization, not of generalization. Second, the copied network of 27 layers has the loss of the 7 layers. So
#    weights that are as good exist, and it is no lack of capacity either; training did not find them. (Also valid: the
#    residual network with practically the same number of parameters trains well, so the number of parameters is not the
#    reason.)
# 2. Residual: $\frac{dL}{dx_l} = \frac{dL}{dx_D} \prod_{i=l}^{D-1} (1 + F_i'(x_i))$; plain:
#    $\frac{dL}{dx_l} = \frac{dL}{dx_D} \prod_{i=l}^{D-1} F_i'(x_i)$. With one $F_i' = 0$ the plain product is 0 and all
#    blocks before it get no gradient. In the residual product that factor is 1: the gradient passes as if the block
#    were not there. With a ReLU after the sum each factor is also multiplied by 1 or 0, according to the sign of the
#    sum; where the sum is negative, the direct road is cut as well.
#
# *Rubric*: 1 point for part 1: half for each observation with what it rules out. 1 point for part 2: half for both
# products, a quarter for the factor 1 in place of 0, a quarter for the ReLU's factor 0 or 1.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **A ReLU before the sum.** Then the branch can only add, never take away, and signals grow from block to block. The
#   last normalization is followed by the sum at once.
# - **No normalization on the projected shortcut**, or one too many. In `BasicBlock` and `Bottleneck` the projection has
#   its own; in `PreActBlock` it has none.
# - **`inplanes != planes` in the bottleneck.** Its output has `4 * planes` channels: compare with those.
# - **A projection for stride alone, or for channels alone.** Either change of shape needs one.
# - **`x += out` or `nn.ReLU(inplace=True)` on the block's input.** Both overwrite what the caller, or the shortcut,
#   still needs.
# - **Pre-activation without the last normalization and ReLU** of the network, so that the linear layer gets a bare sum.
# - **A plain list for the blocks of a stage.** Its parameters are not registered, and the optimizer never sees them.
# - **A hook that returns something.** PyTorch takes it for the block's new output. `list.append` returns `None`, which
#   changes nothing.
# - **Judging degradation by the test set.** A worse test score can have many reasons. The training loss has one.
#
# ## Scale it up
#
# The `gpu` profile trains networks of 20, 56 and 110 layers and 16 channels on the 60,000 pictures of Fashion-MNIST;
# `h100` does the same with more steps. Predict before you run it: will the residual network of 110 layers
# beat the one of 20? In the paper it did on CIFAR-10, 6.4 % against 8.8 % test error, after a few hundred steps at a
# tenth of the learning rate, without which it did not get started. A GPU also changes what depth costs: each of these
# small layers takes as long to launch as to compute, so time grows with the number of layers, not with their width.
# Double `width` and see what it costs.
#
# ## Exercises
#
# 1. [conceptual] How many multiplications does one picture of 56 by 56 take in `BasicBlock(64, 64)`, in
#    `BasicBlock(256, 256)` and in `Bottleneck(256, 64)`? *Success*: weights times places, and the second is 17 times
#    the third.
# 2. [short-code] Give `ResNet` an argument that sets the last gain of every branch to 0 at the start, and repeat the
#    depth study of the `cpu` profile for the residual networks. *Success*: for the deepest one, the 95 % interval of the
#    paired difference to the start in the text does not contain 0. Say on which side it lies, and explain it by what
#    the convolutions of a silent branch receive as gradient in the first step.
# 3. [short-code] Write the bottleneck as in the paper of 2016, with the stride on the first convolution, and load the
#    weights of `torchvision.models.resnet.Bottleneck` with stride 2 into it. *Success*: `<All keys matched
#    successfully>`, and outputs that differ by more than 0.1 somewhere. Say in a sentence what a `state_dict` promises.
# 4. [extended] Is the plain network only slow? Train plain networks of 8 and 32 layers and a residual one of 32 for 800
#    steps, two seeds each. *Success*: a figure of the smoothed losses, and a sentence that says for each of them
#    whether it still falls, and whether the plain network of 32 layers has caught up with the one of 8.
# 5. [extended] Delete a block. Train a plain and a residual network of 20 layers until the training accuracy is above
#    90 %; then replace one block without projection by `nn.Identity()` and measure the accuracy in evaluation mode, for
#    each such block in turn. *Success*: a figure with two curves, and the median loss of accuracy of the residual
#    network is less than half of the plain network's.
# 6. [short-code] Measure the gradients of plain networks whose 3 by 3 convolutions continue the picture on its other side
#    (`padding_mode="circular"`), so that no place sees zeros. *Success*: the mean factor per block over three networks
#    is between 1.40 and 1.50.
#
# ## References
#
# - K. He, X. Zhang, S. Ren and J. Sun (2016a). *Deep residual learning for image recognition.* CVPR.
#   <https://arxiv.org/abs/1512.03385>. Degradation (section 1), the blocks (3.2, 3.3) and the networks of section 4
#   (4.2, table 6).
# - K. He, X. Zhang, S. Ren and J. Sun (2016b). *Identity mappings in deep residual networks.* ECCV.
#   <https://arxiv.org/abs/1603.05027>. Pre-activation, and why the shortcut should be free (sections 2 to 4).
# - K. He, X. Zhang, S. Ren and J. Sun (2015). *Delving deep into rectifiers.* ICCV. <https://arxiv.org/abs/1502.01852>.
#   Section 2.2: the start of the weights.
# - G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein and S. S. Schoenholz (2019). *A mean field theory of batch
#   normalization.* ICLR. <https://arxiv.org/abs/1902.08129>. Exploding gradients in normalized plain networks.
# - S. De and S. L. Smith (2020). *Batch normalization biases residual blocks towards the identity function in deep
#   networks.* NeurIPS. <https://arxiv.org/abs/2002.10444>. The $1 + l$ of section 2.
# - P. Goyal et al. (2017). *Accurate, large minibatch SGD: training ImageNet in 1 hour.*
#   <https://arxiv.org/abs/1706.02677>. Section 5.1: the gain that starts at 0.
# - A. Veit, M. Wilber and S. Belongie (2016). *Residual networks behave like ensembles of relatively shallow networks.*
#   NeurIPS. <https://arxiv.org/abs/1605.06431>. Exercise 5.
# - torchvision, source of its ResNets: <https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py>. The
#   comment in `Bottleneck` tells where the stride stands, and why. The digits: E. Alpaydin and C. Kaynak (1998),
#   *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>.
