# %% [markdown]
# # Looking inside a convolutional network
#
# A network says "cat". Was it the cat that made it say so, or the wall behind it? You will open a trained network while
# it works: **record** what its layers compute, **measure** the gradients on their way back, draw **heat maps** of the
# evidence in two ways, and **synthesize** the pictures that its filters wait for. Every tool leaves the network exactly
# as it was. Then comes the question that decides whether such pictures are worth anything: **does a convincing heat map
# show what the network knows, or only what is in the picture?** You will build a test in which the two differ.

# %% [markdown]
# ## You will learn
#
# - to read the output of any layer with a forward hook, and to leave no hook behind, whatever happens;
# - to measure how the gradient fades or grows on its way back, without changing it;
# - to compute Grad-CAM and guided backpropagation, equal to those of the library Captum;
# - to find by gradient ascent a picture that excites one filter more than any real one does;
# - to test an explanation: against known truth, and against a network whose knowledge was taken away.
#
# ## You need
#
# Modules and `state_dict` as in *torch-regression*, and the convolution of *cnn-convolution*: what a filter is, and that
# its output is a map with rows and columns. It helps to have heard of batch normalization: at training time it uses the
# mean and the spread of the batch, in `eval` mode stored ones. Context managers (`with`) come up in section 1.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import pairwise

import captum.attr
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor, nn

import scratchlab
from scratchlab import plot
from scratchlab.pictures import ARTISTS, EMOJI, drawing

lab = scratchlab.start("cnn-feature-maps", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: what did it look at?
#
# To judge an explanation you must know the truth, so this lab makes its own pictures: an emoji of one of five classes,
# drawn by one of three artists, pasted at a random place over a crop of one of two photographs. Which pixels belong to
# the object is known, because you put them there: the *mask*. Pixels run from -0.5 to 0.5.

# %%
CLASSES = ("cat", "fish", "car", "fruit", "insect")
PHOTOS = [Image.fromarray(load_sample_image(f"{name}.jpg")) for name in ("china", "flower")]


def emoji(label: int, side: int, rng: np.random.Generator) -> Image.Image:
    """A random emoji of the class as RGBA picture, 45 to 65 % of `side` large, mirrored half of the time."""
    drawn = drawing(str(rng.choice(ARTISTS)), str(rng.choice(EMOJI[CLASSES[label]])))
    scale = rng.uniform(0.45, 0.65) * side / max(drawn.size)
    drawn = drawn.resize([max(1, round(length * scale)) for length in drawn.size], Image.Resampling.BOX)
    return drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else drawn


def scene(label: int, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A picture (side, side, 3), uint8, with one emoji on it, and the mask (side, side) of its pixels, bool."""
    photo, crop = PHOTOS[rng.integers(2)], int(rng.integers(side, 240))
    left, top = (int(rng.integers(length - crop + 1)) for length in photo.size)
    picture = photo.crop((left, top, left + crop, top + crop)).resize((side, side), Image.Resampling.BOX)
    drawn, mask = emoji(label, side, rng), Image.new("L", (side, side))
    place = tuple(int(rng.integers(side - length + 1)) for length in drawn.size)
    picture.paste(drawn, place, drawn)
    mask.paste(drawn.getchannel("A"), place)
    return np.asarray(picture), np.asarray(mask) > 127


# %%
def scenes(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures (count, 3, S, S), float32 from -0.5 to 0.5, labels (count,), int64, and masks (count, S, S), bool."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    pictures, masks = zip(*[scene(label, lab.params["side"], rng) for label in labels], strict=True)
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255 - 0.5
    return tuple(each.to(lab.device) for each in (x.contiguous(), torch.from_numpy(labels), torch.from_numpy(np.stack(masks))))


def shown(x: Tensor) -> np.ndarray:
    """One picture (3, H, W) as plot.images wants it: (H, W, 3), 0 to 1."""
    return (x.detach().cpu() + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()


# %%
x_train, y_train, _ = scenes(lab.params["pictures"], 2 * lab.seed)
x_test, y_test, m_test = scenes(200, 2 * lab.seed + 1)
print("pictures", tuple(x_train.shape), "  test pictures", tuple(x_test.shape), f"  an object covers {m_test.float().mean():.0%}")
plot.images(
    [shown(each) for each in x_test[:10]],
    titles=[CLASSES[label] for label in y_test[:10]],
    columns=5,
    height=2.9,
    caption="Ten test pictures: an emoji somewhere on a piece of photograph.",
    alt="Two rows of five small color pictures: cats, fish, cars, fruit and insects over parts of a temple, the sky or a flower.",
)

# %% [markdown]
# The network is small and typical: three times convolution, batch normalization and ReLU, twice halved by max-pooling,
# then the mean over all places and a linear layer. Each layer has a name. Nothing in it depends on the size of the
# picture, which will be useful.


# %%
def network() -> nn.Sequential:
    """conv1, norm1, relu1, pool1, ... relu3, mean, flat, linear: pictures (N, 3, H, W) in, scores (N, 5) out."""
    model, widths = nn.Sequential(), (3, 12, 24, 32)
    for number, (inputs, outputs) in enumerate(pairwise(widths), 1):
        model.add_module(f"conv{number}", nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
        model.add_module(f"norm{number}", nn.BatchNorm2d(outputs))
        model.add_module(f"relu{number}", nn.ReLU())
        if number < 3:
            model.add_module(f"pool{number}", nn.MaxPool2d(2))
    model.add_module("mean", nn.AdaptiveAvgPool2d(1))
    model.add_module("flat", nn.Flatten())
    model.add_module("linear", nn.Linear(widths[-1], len(CLASSES)))
    return model


def train(seed: int) -> nn.Sequential:
    """A network trained on x_train from the seed, in eval mode."""
    torch.manual_seed(seed)
    model, batch = network().to(lab.device), 50
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.05)
    steps = lab.params["epochs"] * len(x_train) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    for _ in range(lab.params["epochs"]):
        for rows in torch.randperm(len(x_train)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(model(x_train[rows]), y_train[rows]).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


# %%
networks = [train(seed) for seed in lab.seeds(lab.params["networks"])]
model = networks[0]  # the patient; the others wait for the experiment
with torch.no_grad():
    right = torch.stack([(each(x_test).argmax(1) == y_test).float().mean() for each in networks])
print("share of test pictures that each network names right:", "  ".join(f"{each:.0%}" for each in right))
record("accuracy", right.mean())

# %% [markdown]
# Far better than the 20 % of guessing, far from perfect: a good patient. You have several of them, trained alike from
# different seeds, because one network may be an accident.

# %% [markdown]
# ## 1. Hooks that leave no trace
#
# Every `nn.Module` keeps a list of functions to call after its `forward`, with the module, its inputs and its output:
#
#     handle = module.register_forward_hook(hook)   # hook(module, inputs, output)
#     ...
#     handle.remove()
#
# This is how you read the inside of a network that somebody else wrote. Four things go wrong in practice.
#
# - **A hook stays.** The next experiment then runs with it, and memory fills. So put the removal where it cannot be
#   forgotten: into the `finally` of a *context manager*. Under `@contextmanager`, what stands before `yield` happens on
#   entering `with`, what stands in `finally` happens on leaving it, even if an error was raised inside.
# - **A hook returns something.** PyTorch takes a returned value for the new output. A hook that only looks returns
#   nothing.
# - **The record is alive.** The output hangs on the graph of its forward pass, and a later in-place operation such as
#   `nn.ReLU(inplace=True)` writes into its memory. Keep `output.detach().clone()`.
# - **All records carry the last name.** A function made in a loop looks up `name` when it is *called*; by then the loop
#   is over. Make each hook in a function of its own that gets `name` as an argument.
#
# For sections 3 and 5 you will want to differentiate with respect to a layer's output. So `graph=True` keeps the output
# itself, as it is.
#
# **Predict**: the network reads pictures of 32 by 32 pixels. What are the shapes of the outputs of `relu1`, `relu2` and
# `relu3` for one picture?
#
# **Write** `recording`. `model.get_submodule("a.b.c")` finds a layer by its name, and raises `AttributeError` if there
# is none. Even then no hook may stay.


# %% solution="recording"
@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    """Context that yields a dict which fills with the outputs of the named layers whenever the model runs.

    model: any module; names: layers of it, as in model.named_modules(). A layer's latest output counts. It is stored as
    a detached copy, or with graph=True as the very tensor that went on through the model. On leaving, also by an error,
    exactly the hooks that this call added are gone. Errors: AttributeError if there is no layer of that name.
    """
    ### BEGIN SOLUTION
    kept: dict[str, Tensor] = {}

    def keeper(name: str) -> Callable:
        """A hook that keeps the output as `name`."""

        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            """Called after each forward."""
            kept[name] = output if graph else output.detach().clone()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
        yield kept
    finally:
        for handle in handles:
            handle.remove()
    ### END SOLUTION


# %%
with recording(model, ["relu1", "linear"]) as seen:
    scores = model(x_test[:2])
assert seen["relu1"].shape == (2, 12, lab.params["side"], lab.params["side"])
assert torch.equal(seen["linear"], scores) and not seen["linear"].requires_grad
assert not model.relu1._forward_hooks  # nothing stays

# %% check="recording" points=2
check("recording")

# %% [markdown]
# **See it.** One picture, and what eight channels of each ReLU make of it.

# %%
patient = x_test[1:2]
with recording(model, ["relu1", "relu2", "relu3"]) as seen:
    model(patient)
rows = [[shown(patient[0]), *seen[name][0, :7].cpu()] for name in seen]
print({name: tuple(maps.shape) for name, maps in seen.items()})
plot.images(
    [each for row in rows for each in row],
    titles=[title for name in seen for title in (f"{name}:", *(f"ch. {k}" for k in range(7)))],
    columns=8,
    height=3.3,
    caption="A picture, and seven channels of relu1, relu2 and relu3: bright where the channel responds.",
    alt="Three rows. First row: the fish picture and maps with its outline and flat areas. Second row: coarser maps, parts of the "
    "outline. Third row: maps of 8 by 8 places, some bright over a large area, others at single places.",
)

# %% [markdown]
# The first row still looks like the picture: edges, bright or dark areas, a color. Further in, maps have fewer places,
# and say something else: not "here is an edge" but "here is something that helped to tell the classes apart". Some are
# bright over large areas, others at a single place, on the object or on the background. Nobody has told you yet what any
# of them *means*.

# %% [markdown]
# ## 2. The gradient on its way back
#
# Hooks exist for the other direction, too:
#
#     handle = module.register_full_backward_hook(hook)   # hook(module, grad_input, grad_output)
#
# It is called once the gradient with respect to the module's inputs is there. For a module $y = f(x)$ and the loss $L$,
# `grad_output` is the tuple of $\partial L/\partial y$, and `grad_input` that of $\partial L/\partial x$ (`None` for an
# input that needs no gradient, such as a picture). If the hook returns something, that *replaces* $\partial L/\partial
# x$ for all that follows. A hook that only measures returns nothing.
#
# What you measure is $\lVert \partial L/\partial y \rVert_2$, one number per layer: the square root of the sum of all
# squared entries. Where it is nearly zero, no layer before it can learn.
#
# **Predict**: 20 convolutions in a row, each followed by a sigmoid, whose slope is at most $1/4$. By which factor, at
# least, do the slopes alone shrink the gradient from the last sigmoid back to the first?
#
# **Write** `gradient_flow`, a context manager like `recording`. Store plain numbers, with `.item()`: a tensor on a GPU
# would keep memory.


# %% solution="gradient_flow"
@contextmanager
def gradient_flow(model: nn.Module, names: list[str]) -> Iterator[dict[str, float]]:
    """Context that yields a dict which fills, at each backward pass, with the norm of dL/d(output) of the named layers.

    The norm is the square root of the sum of squares over all entries, a float; the latest backward pass counts. No
    gradient is changed. On leaving, also by an error, exactly the hooks that this call added are gone.
    """
    ### BEGIN SOLUTION
    norms: dict[str, float] = {}

    def measurer(name: str) -> Callable:
        """A hook that stores the norm as `name`."""

        def hook(module: nn.Module, grad_input: tuple, grad_output: tuple) -> None:
            """Called in each backward."""
            norms[name] = grad_output[0].norm().item()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_full_backward_hook(measurer(name)))
        yield norms
    finally:
        for handle in handles:
            handle.remove()
    ### END SOLUTION


# %%
tiny = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
tiny.load_state_dict({"0.weight": torch.eye(2), "1.weight": torch.tensor([[3.0, 4.0]])})
with gradient_flow(tiny, ["0", "1"]) as norms:
    tiny(torch.ones(1, 2, requires_grad=True)).sum().backward()
assert norms == {"0": 5.0, "1": 1.0}  # dL/dy is (3, 4) after the first layer, and 1 at the end

# %% check="gradient_flow" points=2
check("gradient_flow")

# %% [markdown]
# **See it.** Four networks of 20 layers that differ in what follows each convolution, and in how its weights start. He's
# start draws weights with the variance $2 / \text{(inputs of a unit)}$, which makes up for the half that a ReLU
# discards.

# %%
DEPTH = 20


def deep(activation: type[nn.Module], *, he: bool = False, norm: bool = False) -> nn.Sequential:
    """20 convolutions of 8 channels, each with an activation, named "act0" to "act19", and perhaps batch normalization."""
    model = nn.Sequential()
    for number in range(DEPTH):
        conv = nn.Conv2d(8 if number else 3, 8, 3, padding=1)
        if he:
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        model.add_module(f"conv{number}", conv)
        if norm:
            model.add_module(f"norm{number}", nn.BatchNorm2d(8))
        model.add_module(f"act{number}", activation())
    return model.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten()).append(nn.Linear(8, len(CLASSES)))


# %%
kinds = {
    "sigmoid": {"activation": nn.Sigmoid},
    "ReLU, PyTorch's start": {"activation": nn.ReLU},
    "ReLU, He's start": {"activation": nn.ReLU, "he": True},
    "ReLU with batch norm": {"activation": nn.ReLU, "norm": True},
}
acts, flows = [f"act{number}" for number in range(DEPTH)], {}
torch.manual_seed(lab.seed)
for kind, options in kinds.items():
    plain = deep(**options).to(lab.device)
    with gradient_flow(plain, acts) as norms:
        F.cross_entropy(plain(x_train[:50, :, ::2, ::2]), y_train[:50]).backward()
    flows[kind] = [norms[name] / norms[acts[-1]] for name in acts]
    print(f"{kind:22s} at the first layer, relative to the last: {flows[kind][0]:.1e}")
plot.lines(
    flows,
    xs=[str(number) for number in range(1, DEPTH + 1)],
    x="layer",
    y="norm of dL/dy, last layer = 1",
    log_y=True,
    caption="The gradient on its way back through 20 layers, before any training. Read from right to left.",
    alt="Four curves over 20 layers on a logarithmic scale, equal at the right end. To the left, sigmoid falls steeply by many powers of "
    "ten, ReLU with PyTorch's start falls less, ReLU with He's start stays level, and batch norm stays level or rises.",
)

# %%
record("sigmoid_flow", flows["sigmoid"][0])
record("he_flow", flows["ReLU, He's start"][0])
claim("after 20 sigmoids less than a billionth of the gradient is left", flows["sigmoid"][0] < 1e-9)
claim("ReLU with He's start keeps it within a factor of 1000", 0.001 < flows["ReLU, He's start"][0] < 1000)

# %% [markdown]
# The slopes alone give at most $4^{-19}$, some $4 \cdot 10^{-12}$, and weights make it worse or better. No learning rate
# repairs such a curve: the layers on the left would need one that is billions of times as large as those on the right.
# A good start does; so does normalization, and so do the shortcuts of *cnn-residual-blocks*. When a deep network does
# not learn, this is the first picture to draw.

# %% [markdown]
# ## 3. Grad-CAM: where was the evidence?
#
# Let $A^k$ be channel $k$ of a layer's output, with $Z$ places, and $s$ the score of one class, before softmax.
# Grad-CAM asks how much each channel matters for $s$, on average over its places, and then where the channels that
# matter are active:
#
# $$\alpha_k = \frac1Z \sum_{i,j} \frac{\partial s}{\partial A^k_{i,j}}, \qquad
#   M = \mathrm{ReLU}\Big(\sum_k \alpha_k A^k\Big).$$
#
# The ReLU keeps what speaks *for* the class. $M$ has the size of the layer's maps, here 8 by 8.
#
# Use `torch.autograd.grad(s, A)`, which *returns* the gradient, and not `backward()`, which adds to `p.grad` of every
# parameter and so changes the next training step. Three more points decide whether your tool can be used on any model:
#
# - **A batch.** Each picture has a target of its own. The *sum* of the chosen scores will do, since no picture's score
#   depends on another picture's maps. `scores.gather(1, targets[:, None])` chooses.
# - **The mode.** In training mode batch normalization mixes pictures and moves its stored statistics. The helper
#   `evaluating` puts all modules into eval mode and back into the mode that each of them had.
# - **Frozen layers.** If no parameter requires a gradient, there is no graph, unless the input requires one. So run the
#   model on `images.detach().requires_grad_()`, a new handle that leaves the caller's tensor alone.


# %%
@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Context in which the model is in eval mode; afterwards each of its modules has the mode that it had before."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (N, H', W') interpolated to (N, *size)."""
    return F.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]


# %% [markdown]
# **Predict**: you ask for "car" on a picture of a cat that the network recognizes well. What will the map look like?
#
# **Write** `grad_cam`. `recording(..., graph=True)` gives you $A$.


# %% solution="grad_cam"
def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    """Grad-CAM of the layer's output for one class per picture: (N, H', W'), not negative, detached.

    images: (N, C, H, W). targets: (N,) class numbers, int64. The layer's output is (N, K, H', W').
    The model is used in eval mode. Nothing of it is changed: modes, statistics, p.grad, hooks; nor are the images.
    """
    ### BEGIN SOLUTION
    x = images.detach().requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().detach()
    ### END SOLUTION


# %%
example = grad_cam(model, "relu3", x_test[:3], y_test[:3])
assert example.shape == (3, lab.params["side"] // 4, lab.params["side"] // 4) and example.min() >= 0
assert torch.allclose(example[1:2], grad_cam(model, "relu3", x_test[1:2], y_test[1:2]), atol=1e-6)

# %% check="grad_cam" points=2
check("grad_cam")


# %% [markdown]
# **See it.** Each picture is lit where the map for its true class is high, and dark elsewhere. Below, the same for
# another class.


# %%
def lit(x: Tensor, heat: Tensor) -> np.ndarray:
    """The picture x (3, H, W), bright where `heat` (H, W) is high: (H, W, 3), 0 to 1."""
    heat = (heat / heat.max().clamp(min=1e-12)).cpu().numpy()[..., None]
    return shown(x) * (0.15 + 0.85 * heat)


def all_lit(x: Tensor, heats: Tensor) -> list[np.ndarray]:
    """Each picture of x (N, 3, H, W), lit by its map in `heats` (N, H, W)."""
    return [lit(picture, heat) for picture, heat in zip(x, heats, strict=True)]


def cam(net: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Grad-CAM of relu3 in the size of the pictures: (N, H, W)."""
    return enlarged(grad_cam(net, "relu3", x, targets), x.shape[2:])


# %%
few, others = slice(0, 7), (y_test + 2) % len(CLASSES)
names = [CLASSES[label] for label in y_test[few]]
plot.images(
    [shown(each) for each in x_test[few]]
    + all_lit(x_test[few], cam(model, x_test[few], y_test[few]))
    + all_lit(x_test[few], cam(model, x_test[few], others[few])),
    titles=names + [f"for {name}" for name in names] + [f"for {CLASSES[label]}" for label in others[few]],
    columns=7,
    height=3.7,
    caption="Pictures; lit by Grad-CAM for their own class; lit by Grad-CAM for another class.",
    alt="Seven columns. Top: pictures. Middle: mostly the emoji is lit and the background dark. Bottom: other places are lit, often "
    "background or the rim of the object.",
)

# %% [markdown]
# Each map is scaled by its own maximum, so a bright spot in the bottom row need not mean strong evidence, only the
# strongest that there was; a picture that stays dark has no place that spoke for that class. Look at the pictures where
# the middle row is wrong, too: is the light on the background?

# %% [markdown]
# ## 4. Guided backpropagation: sharper
#
# Grad-CAM is as coarse as its layer. The gradient of the score with respect to the *pixels* has full resolution, but
# looks like noise. Springenberg and others changed one thing. A ReLU $y = \max(x, 0)$ passes the gradient back where
# its input was positive:
#
# $$\frac{\partial s}{\partial x} = \frac{\partial s}{\partial y} \cdot [x > 0]
#   \qquad\text{becomes}\qquad g = \max\Big(\frac{\partial s}{\partial y},\, 0\Big) \cdot [x > 0].$$
#
# So only those paths count along which the score grows at *every* ReLU. In a backward hook `grad_input` is
# $\frac{\partial s}{\partial y} [x > 0]$, the first bracket is at work already, and you return a tuple with what should
# replace it. (The second bracket without the first is the *deconvnet* of Zeiler and Fergus.)
#
# **Predict**: will the pictures for "cat" and "car", from one input, differ as much as the two of Grad-CAM?
#
# **Write** `guided_backprop` for all `nn.ReLU` modules, wherever they sit in the model: `model.modules()` visits all.
# The same care as before: eval mode, nothing left behind, no `p.grad` touched, errors included.


# %% solution="guided_backprop"
def guided_backprop(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Gradient of each picture's target score in its pixels, with only positive gradients passed at each nn.ReLU.

    images: (N, C, H, W). targets: (N,) class numbers, int64. Returns (N, C, H, W), detached. The model is used in eval
    mode. Nothing of it is changed: modes, statistics, p.grad, hooks (also after an error); nor are the images.
    """
    ### BEGIN SOLUTION

    def only_positive(module: nn.Module, grad_input: tuple, grad_output: tuple) -> tuple[Tensor]:
        """Called in each backward: what goes on to the layers before."""
        return (grad_input[0].clamp(min=0),)

    x = images.detach().requires_grad_()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    handles = [relu.register_full_backward_hook(only_positive) for relu in relus]
    try:
        with evaluating(model):
            chosen = model(x).gather(1, targets[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), x)
    finally:
        for handle in handles:
            handle.remove()
    return gradient
    ### END SOLUTION


# %%
line = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
line.load_state_dict({"0.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0]]), "2.weight": torch.tensor([[2.0, -3.0]])})
assert guided_backprop(line, torch.ones(1, 2), torch.tensor([0])).tolist() == [[2, 0]]  # the plain gradient is (2, -3)
assert not line[1]._backward_hooks

# %% check="guided_backprop" points=2
check("guided_backprop")


# %% [markdown]
# **See it.** To get one map from three color channels, take the largest absolute value of the three.


# %%
def guided(net: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Guided backpropagation as maps (N, H, W): the largest absolute value of the color channels."""
    return guided_backprop(net, x, targets).abs().amax(1)


def saliency(net: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """The plain gradient as maps (N, H, W)."""
    leaf = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(net(leaf).gather(1, targets[:, None]).sum(), leaf)
    return gradient.abs().amax(1)


inputs = x_test[few], y_test[few]
heats = [*saliency(model, *inputs).cpu(), *guided(model, *inputs).cpu(), *guided(model, x_test[few], others[few]).cpu()]
plot.images(
    [shown(each) for each in x_test[few]] + heats,
    titles=names + ["gradient"] * 7 + [f"for {name}" for name in names] + [f"for {CLASSES[label]}" for label in others[few]],
    columns=7,
    height=4.9,
    caption="Pictures; their plain gradient; guided backpropagation for their own class, and for another class.",
    alt="Seven columns. Top: pictures. Second row: speckled noise around the objects. Third row: clearer bright outlines. Bottom row: "
    "mostly the same objects as in the third row, with other details.",
)

# %% [markdown]
# The third row is cleaner than the second and finer than Grad-CAM. Many people would trust it more. Now compare it with
# the fourth row, which was asked for *another class*: how often does it show the same object? Keep your suspicion for
# section 6.

# %% [markdown]
# ## 5. What does a filter wait for?
#
# So far you asked which part of a picture excites a channel. Now let the picture change. Start from gray with
# noise, and climb: maximize the mean of channel $k$ over its $Z$ places, minus a price for roughness, without which the
# result is full of fine noise that no camera would see:
#
# $$J(x) = \frac1Z \sum_{i,j} A^k_{i,j}(x) - \lambda\, R(x), \qquad
#   x \leftarrow \mathrm{clip}\Big(x + \eta\, \frac{g}{\mathrm{rms}(g)}\Big), \qquad g = \frac{\partial J}{\partial x}.$$
#
# $R$ is the mean squared difference of neighboring pixels, given as `roughness`. Dividing by the root of the mean square
# $\mathrm{rms}(g)$ makes the steps equally large for weak and strong channels; add $10^{-12}$ to it, for a dead channel
# has the gradient 0. Clipping to $[-0.5, 0.5]$ keeps it a picture: without it, the fair comparison with real pictures
# would be lost.
#
# Take the channel *before* its ReLU, after which there is no gradient to start from where nothing responds yet.
#
# **Predict**: what will the channels of `norm1` ask for, which see 3 by 3 pixels? And those of `norm3`?
#
# **Write** `synthesize`.


# %%
def roughness(x: Tensor) -> Tensor:
    """Mean squared difference of vertical neighbors, plus that of horizontal ones: a scalar; x: (N, C, H, W)."""
    return x.diff(dim=2).square().mean() + x.diff(dim=3).square().mean()


# %% solution="synthesize"
def synthesize(
    model: nn.Module, layer: str, channel: int, start: Tensor, *, steps: int = 40, rate: float = 0.05, smooth: float = 10.0
) -> Tensor:
    """A picture that excites one channel: `steps` steps of normalized gradient ascent on J from `start`.

    start: (1, C, H, W), pixels from -0.5 to 0.5. rate is eta, smooth is lambda in the text. Returns (1, C, H, W), detached,
    clipped to [-0.5, 0.5] after every step. The model is used in eval mode and not changed; `start` neither.
    """
    ### BEGIN SOLUTION
    x = start.detach().clone()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        for _ in range(steps):
            x.requires_grad_()
            model(x)
            goal = kept[layer][:, channel].mean() - smooth * roughness(x)
            (g,) = torch.autograd.grad(goal, x)
            rms = g.square().mean().sqrt()
            x = (x.detach() + rate * g / (rms + 1e-12)).clamp(-0.5, 0.5)
    return x
    ### END SOLUTION


# %%
gray = 0.2 * torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(lab.seed)).clamp(-2, 2).to(lab.device)
excited = synthesize(model, "norm2", 3, gray, steps=10)
with recording(model, ["norm2"]) as seen:
    model(torch.cat([gray, excited]))
assert seen["norm2"][1, 3].mean() > seen["norm2"][0, 3].mean() and excited.abs().max() <= 0.5

# %% check="synthesize" points=2
check("synthesize")

# %% [markdown]
# **See it.** The pictures that six channels of each layer ask for, and below those of `norm3` the test picture that
# excites the channel most.

# %%
CHANNELS = range(6)
prices = {"norm1": 1.0, "norm2": 10.0, "norm3": 100.0}  # more where activations are larger and patterns coarser
patterns = {name: [synthesize(model, name, k, gray, smooth=price) for k in CHANNELS] for name, price in prices.items()}
rough = [synthesize(model, "norm3", k, gray, smooth=1.0) for k in CHANNELS]


def excitement(x: Tensor) -> Tensor:
    """The maps of CHANNELS of norm3 for the pictures x: (N, channels, places, places)."""
    with torch.no_grad(), recording(model, ["norm3"]) as seen:
        model(x)
    return seen["norm3"][:, : len(CHANNELS)]


real = excitement(x_test)
best = real.mean((2, 3)).max(0)  # over the test pictures
rows = {**patterns, "rough": rough, "best real": [x_test[i : i + 1] for i in best.indices]}
plot.images(
    [shown(x[0]) for row in rows.values() for x in row],
    titles=[f"{name}, {k}" for name in rows for k in CHANNELS],
    columns=6,
    height=6.5,
    caption="Pictures that excite channels 0 to 5 of norm1, norm2 and norm3; of norm3 almost without a price; and the best test pictures.",
    alt="Five rows of six. First: plain colors with a border. Second: fine stripes and dots in two or three colors. Third: broader "
    "stripes and patches. Fourth: noise in full colors. Fifth: test pictures.",
)

# %%
smooth_maps, rough_maps = (torch.stack([excitement(x)[0, k] for k, x in enumerate(row)]) for row in (patterns["norm3"], rough))
for k in CHANNELS:
    means = [f"{each[k].mean():5.1f}" for each in (smooth_maps, rough_maps)]
    peaks = [f"{each[k].max():5.1f}" for each in (smooth_maps, rough_maps)]
    print(f"norm3, channel {k}, mean over places: smooth {means[0]}, rough {means[1]}, best real {best.values[k]:5.1f};", end="   ")
    print(f"strongest place: smooth {peaks[0]}, rough {peaks[1]}, any real {real[:, k].max():5.1f}")
record("synthesis_gain", (rough_maps.mean((1, 2)) / best.values).median())
record("synthesis_peak_gain", (rough_maps.amax((1, 2)) / real.amax((0, 2, 3))).median())
more = (rough_maps.mean((1, 2)) > best.values).sum()
claim("almost without a price, at least five of six synthesized pictures excite their channel more than any test picture", more >= 5)

# %% [markdown]
# Simple things first, then textures: colors, fine stripes, broader patches. This is what people saw in AlexNet, and five
# classes of emoji are enough to see it again. Compare a pattern of `norm3` with the real picture below it: can you find
# the stripes or the color pair there? What you do not see is a cat. The network may well recognize fur by its texture.
#
# The fourth row excites the same channels as the third, and more: it is what the channel *asks for*, if nobody insists
# on a picture that looks like one. With a high price a weak channel may even lose to a real picture, and now and then
# the climb gets stuck on a low hill: another start may do better. (In real pictures
# the object fills only a part of the places, so compare the strongest single places, too: there the distance is
# smaller.) All of these lie far from what the network was trained on. They say what a channel *can* respond to, which
# need not be what it does in daily work; the best real pictures are the other half of the answer.

# %% [markdown]
# ## 6. Experiment: do the maps know anything?
#
# Two questions, one for each way in which an explanation can be worthless.
#
# **Does the map point to what it was asked about?** Put two test pictures of different classes side by side. The
# network takes the wide picture as it is. Ask for the class on one side: is the brightest pixel of the map on *that*
# object (a hit), on the *other*, or on the background? This is the *pointing game*. As a control play it with a map that
# contains no network at all: how much a pixel differs from its neighbors.
#
# **Does the map depend on what the network learned?** Replace the last layer by a random one, and then further layers,
# from the top down. Everything that was known about the classes is lost with the first. If the map stays, it was not
# about the classes. You measure the rank correlation (Spearman) of each map with its former self: 1 if all pixels keep
# their order, 0 if there is no relation. The plain gradient takes part, too.
#
# **Predict**: which of the two methods hits more often? Which changes more when the last layer becomes random?


# %%
def edges(net: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """A map that ignores the network and the target: how much each pixel differs from its neighbors, (N, H, W)."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across, down = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2], padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    return (across.square() + down.square()).amax(1)


def on_object(heat: Tensor, masks: Tensor) -> Tensor:
    """Whether the brightest pixel of each map (N, H, W) lies in the mask (N, H, W): 0 or 1, (N,)."""
    return masks.flatten(1).gather(1, heat.flatten(1).argmax(1, keepdim=True))[:, 0].double().cpu()


def interval(table: Tensor, rng: torch.Generator, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of `table` (networks, pictures), drawing networks and pictures anew."""
    size, means = table.shape, []
    for _ in range(draws):
        nets, pictures = (torch.randint(count, (count,), generator=rng) for count in size)
        means.append(table[nets][:, pictures].mean())
    low, high = torch.stack(means).quantile(torch.tensor([0.025, 0.975], dtype=table.dtype)).tolist()
    return low, high


# %%
half = len(x_test) // 2
left, right_side = torch.arange(half), half + (torch.arange(half) + 1) % half  # the next class stands to the right
wide = torch.cat([x_test[left], x_test[right_side]], dim=3)
no = torch.zeros_like(m_test[:half])
mask_left, mask_right = torch.cat([m_test[left], no], 2), torch.cat([no, m_test[right_side]], 2)
methods = {"edges": edges, "guided": guided, "Grad-CAM": cam}
hits = {name: [] for name in methods}  # for each network: asked (pictures,), other (pictures,)
for net in networks:
    for name, method in methods.items():
        for_left, for_right = method(net, wide, y_test[left]), method(net, wide, y_test[right_side])
        asked = torch.cat([on_object(for_left, mask_left), on_object(for_right, mask_right)])
        other = torch.cat([on_object(for_left, mask_right), on_object(for_right, mask_left)])
        hits[name].append(torch.stack([asked, other]))
hits = {name: torch.stack(each, 1) for name, each in hits.items()}  # (2, networks, pictures)

# %%
rng, shares, spans = torch.Generator().manual_seed(lab.seed), {}, {}
for name, (asked, other) in hits.items():
    for what, table in (("asked", asked), ("other", other)):
        shares[f"{name}\n{what}"], spans[f"{name}\n{what}"] = table.mean().item(), interval(table, rng)
    low, high = interval(asked - other, rng)
    print(f"{name:9s} asked {asked.mean():.0%}, other {other.mean():.0%}; difference, 95 % interval: {low:.0%} to {high:.0%}")
chance = torch.cat([mask_left, mask_right]).float().mean().item()
print(f"a pixel drawn blindly hits the asked object in {chance:.0%} of all cases")
plot.bars(
    shares,
    errors=spans,
    y="share of maps",
    caption="The pointing game: how often the brightest pixel lies on the object that was asked about, or on the other one.",
    alt="Three pairs of bars. Edges: two equal bars. Guided backpropagation: the asked object is hit much more often than the other. "
    "Grad-CAM: the asked object most often, the other one rarely.",
)

# %%
for name, key in (("Grad-CAM", "cam"), ("guided", "guided"), ("edges", "edges")):
    record(f"{key}_asked", hits[name][0].mean())
    record(f"{key}_other", hits[name][1].mean())
lead = interval(hits["Grad-CAM"][0] - hits["Grad-CAM"][1], rng)
claim("Grad-CAM points to the object that was asked about more often than to the other: the interval is above 0", lead[0] > 0)
claim("a map without a network cannot tell the two apart", abs(hits["edges"][0].mean() - hits["edges"][1].mean()) < 1e-9)

# %% [markdown]
# The control hits objects too, for emoji have hard edges, but it was asked twice and gave one answer. So it cannot
# prefer the asked object. The other two can, and do. Guided backpropagation finds objects well; which share of its hits
# is on the *wrong* one, compared with Grad-CAM?
#
# Now the second question. `forgetful` resets the named layers. Where a normalization is new, its stored mean and spread
# are measured again on training pictures; otherwise the signal would not pass.

# %%
FROM_THE_TOP = (("linear",), ("conv3", "norm3"), ("conv2", "norm2"), ("conv1", "norm1"))


def forgetful(net: nn.Module, stages: int, seed: int) -> nn.Module:
    """A copy of `net` in eval mode whose last `stages` (0 to 4) layers are random."""
    torch.manual_seed(seed)
    copy = deepcopy(net)
    for layer in (copy.get_submodule(name) for names in FROM_THE_TOP[:stages] for name in names):
        layer.reset_parameters()
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the plain mean over all batches
            layer.train()
    with torch.no_grad():
        copy(x_train[:500])
    return copy.eval()


def ranks(heat: Tensor) -> Tensor:
    """Ranks of the pixels in each map (N, H, W), equals sharing their mean rank, shifted to mean 0: (N, H * W)."""
    flat = heat.flatten(1).contiguous()
    ordered = flat.sort(1).values
    place = (torch.searchsorted(ordered, flat) + torch.searchsorted(ordered, flat, right=True)).double() / 2
    return place - place.mean(1, keepdim=True)


def spearman(a: Tensor, b: Tensor) -> Tensor:
    """Rank correlation of the maps in a with those in b, both (N, H, W): (N,). A constant map has 0 with everything."""
    return F.cosine_similarity(ranks(a), ranks(b), dim=1).cpu()


# %%
asked_about = x_test[:half], y_test[:half]
tested = {"gradient": saliency, "guided": guided, "Grad-CAM": cam}
kept = {name: torch.empty(4, len(networks), half, dtype=torch.float64) for name in tested}
found = {name: torch.empty(2, len(networks), half, dtype=torch.float64) for name in kept}  # hits: as trained, last layer random
for number, net in enumerate(networks):
    for stages in range(5):
        changed = forgetful(net, stages, seed=1000 + number)
        for name, method in tested.items():
            heat = method(changed, *asked_about)
            if stages < 2:
                found[name][stages, number] = on_object(heat, m_test[:half])
            if stages:
                kept[name][stages - 1, number] = spearman(method(net, *asked_about), heat)

# %%
spans = {name: [interval(each, rng) for each in table] for name, table in kept.items()}
for name, each in spans.items():
    told = [f"{mean:.2f} ({low:.2f} to {high:.2f})" for mean, (low, high) in zip(kept[name].mean((1, 2)), each, strict=True)]
    print(f"{name:9s}", "   ".join(told))
plot.lines(
    {name: table.mean((1, 2)).tolist() for name, table in kept.items()},
    xs=["last layer", "and conv3", "and conv2", "all"],
    bands={name: tuple(zip(*each, strict=True)) for name, each in spans.items()},
    x="what was made random, from the top down",
    y="rank correlation with the original map",
    caption="What is left of the maps when the network forgets, layer by layer: means and 95 % intervals.",
    alt="Three falling curves. Guided backpropagation starts high and falls slowly, the plain gradient runs somewhat below it; Grad-CAM "
    "starts low and stays low.",
)

# %%
ignorant = forgetful(model, 1, seed=1000)
views = [method(net, *inputs) for method in (guided, cam) for net in (model, ignorant)]
plot.images(
    [shown(each) for each in x_test[few]]
    + [*views[0].cpu(), *views[1].cpu()]
    + all_lit(x_test[few], views[2])
    + all_lit(x_test[few], views[3]),
    titles=names + [word for word in ("guided", "random", "Grad-CAM", "random") for _ in range(7)],
    columns=7,
    height=5.9,
    caption="Pictures; guided backpropagation as trained, and with a random last layer; Grad-CAM as trained, and with a random last layer.",
    alt="Seven columns. Rows two and three, guided backpropagation, mostly show the same objects. Rows four and five, Grad-CAM, often "
    "light different places.",
)
for name in found:
    print(f"{name:9s} hits the only object: {found[name][0].mean():.0%} as trained, {found[name][1].mean():.0%} with a random last layer")

# %%
record("guided_kept", kept["guided"][0].mean())
record("gradient_kept", kept["gradient"][0].mean())
record("cam_kept", kept["Grad-CAM"][0].mean())
record("guided_found_random", found["guided"][1].mean())
record("cam_found_random", found["Grad-CAM"][1].mean())
gap = interval(kept["guided"][0] - kept["Grad-CAM"][0], rng)
claim("with a random last layer guided backpropagation keeps more of its map than Grad-CAM: the interval is above 0", gap[0] > 0)

# %% [markdown]
# With a random last layer the network's answers are worth nothing. Most of the guided map stays in its place all the
# same, and it still finds the object nearly as often. So that it found the object *before* was no proof that it shows
# why the network answered as it did. Adebayo and others, who invented this test, saw guided backpropagation fail it in
# large networks trained on ImageNet. Grad-CAM passes here, and passed there. The first test alone would not have told
# you: there guided backpropagation did prefer the asked object. A part of its map depends on the class, and the larger
# part does not.
#
# Why? A gradient in the *pixels* has come through the early layers, and these still are what they were: where their
# filters find an edge it is large, whatever the classes at the top may be. In this small network that holds for the
# plain gradient, too. Guided backpropagation goes further, for a ReLU that throws away negative gradients throws away
# much of the difference between one class and another. Grad-CAM asks the gradient for one number per channel only, and
# these $\alpha_k$ belong to the class.
#
# Keep both tests apart in your mind. Passing the second shows that a map depends on the model. It does not show that
# the map is complete, nor that the network would fail without the lit pixels; exercise 4 asks that.

# %% [markdown]
# ## Against the real thing
#
# Captum is PyTorch's library for explanations. Its `LayerGradCam` and `GuidedBackprop` do your two jobs. Compare in
# float64, on the wide pictures, for every class.


# %%
def captums(net: nn.Module, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Captum's Grad-CAM of relu3, (N, H', W'), and its guided backpropagation, (N, C, H, W)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Captum announces its hooks with a warning
        heat = captum.attr.LayerGradCam(net, net.relu3).attribute(x, targets, relu_attributions=True)
        return heat[:, 0].detach(), captum.attr.GuidedBackprop(net).attribute(x.clone(), targets).detach()


exact, wide64, differences = deepcopy(model).double(), wide[:10].double(), []
for label in range(len(CLASSES)):
    targets = torch.full((len(wide64),), label, device=wide64.device)
    mine = grad_cam(exact, "relu3", wide64, targets), guided_backprop(exact, wide64, targets)
    for own, theirs in zip(mine, captums(exact, wide64, targets), strict=True):
        differences.append(((own - theirs).abs().max() / theirs.abs().max()).item())
print(f"largest relative difference over {len(CLASSES)} classes and two methods: {max(differences):.0e}")
record("captum_difference", max(differences))

# %%
before = {name: value.clone() for name, value in model.state_dict().items()}
with torch.no_grad():
    answers = model(x_test)
grad_cam(model, "relu3", x_test, y_test), guided_backprop(model, x_test, y_test), synthesize(model, "norm3", 0, gray, steps=3)
hooks = sum(len(each._forward_hooks) + len(each._backward_hooks) for each in model.modules())
same = all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
with torch.no_grad():
    same = same and torch.equal(model(x_test), answers)
claim("after all of this the network has no hook, the same weights, and the same answers", same and not hooks)

# %% [markdown]
# The numbers agree to rounding. What does Captum do better?
#
# - It has more than twenty methods under one interface, *integrated gradients* and *occlusion* among them, for models
#   with several inputs, and for text as well as pictures.
# - It measures explanations: `captum.metrics.infidelity` and `sensitivity_max` perturb the input and compare.
# - `NoiseTunnel` averages any of them over noisy copies of the input, and `LayerAttribution.interpolate` enlarges maps.
#
# And what you do better: your functions put the model into eval mode and back, which Captum leaves to you. To read
# layers without hooks, torchvision's `create_feature_extractor(model, ["relu3"])` rewrites the forward pass to return
# them.

# %% [markdown] answer="explanation" points=2
# ## In your own words
#
# A hospital wants to use a network that finds pneumonia in X-ray pictures. To win the doctors' trust, the vendor shows
# guided backpropagation maps: crisp outlines of the lungs, for every patient.
#
# 1. Which experiment of this lab would you ask for first? Say what is done, what is compared, and which result would
#    show that the maps say nothing about pneumonia.
# 2. Suppose Grad-CAM maps pass that experiment, and light a corner of the picture where the hospital's name is printed.
#    What have you learned, and how would you confirm it with an intervention on the pictures?
#
# ### BEGIN SOLUTION
# 1. The randomization test: reset the last layer (then more layers, from the top), draw the maps of the same patients
#    again, and compare them with the originals, by eye and by rank correlation. If they look the same and the
#    correlation stays high, the maps follow from the outlines in the picture and not from what the network learned about
#    pneumonia; crispness and lying on the lungs are no evidence.
# 2. The map depends on the model, so it is worth following: the network probably takes a shortcut, since one hospital
#    has more cases than the other. Grad-CAM is correlational and coarse, so intervene: cover the corner, or exchange it
#    between the hospitals, leave everything else as it is, and see whether the scores change; cover another corner of
#    the same size as a control. And test on a hospital that was not in the training data.
#
# *Rubric*: 1 point for part 1: randomize weights and compare maps of the same pictures (half), unchanged maps are the
# damning result (half). 1 point for part 2: a shortcut or confounder is suspected (half), and an intervention with the
# rest held fixed, such as covering or exchanging the corner (half).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **The hook that stayed.** Run the cell three times without `remove()`, and three hooks run. `try ... finally`, always.
# - **A `lambda` in a loop.** All hooks then share one `name`, the last.
# - **A hook with a result.** `lambda m, i, o: o.detach()` does not only look: it replaces the output, and cuts the graph.
# - **`backward()` in a diagnosis.** It adds to `p.grad`. If the learner of the network calls your tool between two steps
#   and clears gradients only at the start, the next step is wrong, silently.
# - **Explaining in training mode.** Dropout makes the map random; batch normalization moves its statistics.
# - **Probabilities in place of scores.** After softmax the gradient of a sure answer vanishes, and "for cat" is mixed
#   with "against car".
# - **A map scaled by its own maximum.** It looks confident even where there was almost no evidence. Print the maximum.
# - **The best-looking pictures.** Choose examples before you look, or by a random number, and say how many you looked at.
#
# ## Scale it up
#
# There is a `cpu` profile only: the networks here are small enough that a GPU would mostly wait, and the two tests need
# truth about where things are, not size. To see the tools at work on a large network, load `torchvision`'s ResNet-50
# with its weights for ImageNet. Grad-CAM wants `"layer4"`, a map of 7 by 7 for 224 by 224 pixels. Its ReLU modules work
# in place and are used several times per block, so replace them before guided backpropagation. Synthesis takes more care
# there: people shift the picture at random between steps, blur it, and climb in the frequency domain (see Olah and
# others below).
#
# *cnn-residual-blocks* takes up the curve of section 2 and cures it; *cnn-transfer* uses layers like `relu3` as they
# are, for another task.
#
# ## Exercises
#
# 1. [conceptual] Our network ends in a mean over places and a linear layer with weights $W$. Show that for `relu3` the
#    $\alpha_k$ of Grad-CAM are the weights of the class, $W_{c,k}$, up to one factor. (This special case, CAM, came
#    first.) *Success*: your factor, and `model.linear.weight`, reproduce `grad_cam` to 1e-6.
# 2. [short-code] Write `occlusion`: slide a gray square of 8 by 8 pixels over the picture, and map how much the score
#    falls. No gradient needed. *Success*: it agrees with `captum.attr.Occlusion`, and you know its place in the pointing
#    game.
# 3. [short-code] Compute Grad-CAM at `relu1` and `relu2`, too, and play the pointing game. *Success*: a bar chart of
#    three layers over all networks, with intervals, and a sentence on why the mean over places is a poor $\alpha$ early
#    in the network.
# 4. [short-code] Deletion: replace the tenth of the pixels that a map ranks highest with gray, and measure the mean
#    fall of the score, for Grad-CAM, guided backpropagation, edges and a random order. Then replace whole blocks of 4 by 4
#    pixels in place of single ones. *Success*: two tables of four means with intervals over all networks, and a sentence
#    on why scattered gray pixels are an unfair opponent.
# 5. [extended] Plant a shortcut: give every *training* picture of a fish a small red square in a corner. Train, and find
#    out with your tools alone what the network uses. *Success*: the map for "fish" lights the square in most test
#    pictures that carry one, and moving the square onto cats changes their answers, which proves it.
#
# ## References
#
# - R. R. Selvaraju et al. (2017). *Grad-CAM: visual explanations from deep networks via gradient-based localization.*
#   ICCV, section 3. <https://arxiv.org/abs/1610.02391>.
# - J. T. Springenberg, A. Dosovitskiy, T. Brox and M. Riedmiller (2015). *Striving for simplicity: the all convolutional
#   net.* ICLR workshop, section 3.4. <https://arxiv.org/abs/1412.6806>. Guided backpropagation.
# - M. D. Zeiler and R. Fergus (2014). *Visualizing and understanding convolutional networks.* ECCV.
#   <https://arxiv.org/abs/1311.2901>.
# - K. Simonyan, A. Vedaldi and A. Zisserman (2014). *Deep inside convolutional networks.* ICLR workshop.
#   <https://arxiv.org/abs/1312.6034>. The gradient in the pixels, and synthesis with a price for energy.
# - J. Adebayo et al. (2018). *Sanity checks for saliency maps.* NeurIPS, sections 3 and 4.
#   <https://arxiv.org/abs/1810.03292>.
# - W. Nie, Y. Zhang and A. Patel (2018). *A theoretical explanation for perplexing behaviors of backpropagation-based
#   visualizations.* ICML. <https://arxiv.org/abs/1805.07039>. Why guided backpropagation recovers the image.
# - J. Zhang et al. (2016). *Top-down neural attention by excitation backprop.* ECCV.
#   <https://arxiv.org/abs/1608.00507>. The pointing game.
# - C. Olah, A. Mordvintsev and L. Schubert (2017). *Feature visualization.* Distill.
#   <https://doi.org/10.23915/distill.00007>.
# - K. He, X. Zhang, S. Ren and J. Sun (2015). *Delving deep into rectifiers.* ICCV, section 2.2.
#   <https://arxiv.org/abs/1502.01852>. The start of section 2.
# - N. Kokhlikyan et al. (2020). *Captum: a unified and generic model interpretability library for PyTorch.*
#   <https://arxiv.org/abs/2009.07896>.
# - The drawings: OpenMoji (CC BY-SA 4.0), Twemoji (CC BY 4.0) and Noto Emoji (Apache-2.0). The photographs are sample
#   images of scikit-learn, by danielbuechele and vultilion (Flickr), CC BY 2.0.
