"""What proves the answers of the lab cnn-residual-blocks right.

Each task is checked on its own: networks are made of the blocks in given.py, whatever the learner's are like. Basic and bottleneck
blocks are compared with torchvision's, the others with the references in given.py, everything in float64.
"""

import math

import numpy as np
import torch
from torchvision.models import resnet

from scratchlab.checks import beside, expect, expect_close, expect_shape, load_given, task

references = load_given(__file__)

basic = task(
    "basic",
    hints=(
        "Everything of PlainBlock stays, but the last ReLU waits until the shortcut has been added.",
        "relu(F(x) + s(x)). s is x if stride is 1 and inplanes equals planes, else conv1x1 with the stride, then BatchNorm2d(planes).",
        "`shortcut = x if self.downsample is None else self.downsample(x)`; `out = self.relu(self.bn1(self.conv1(x)))`; "
        "`out = self.bn2(...)`; `return self.relu(out + ...)`",
    ),
)
preactivation = task(
    "preactivation",
    hints=(
        "Order of the branch: normalization, ReLU, convolution, twice. After the sum: nothing.",
        "a = relu(bn1(x)). The branch begins with a. The shortcut is x, or downsample(a), a bare convolution, where the shapes differ.",
        "`active = self.relu(self.bn1(x))`; `shortcut = x if self.downsample is None else self.downsample(active)`; "
        "`return shortcut + self.conv2(self.relu(self.bn2(self.conv1(...))))`",
    ),
)
bottleneck = task(
    "bottleneck",
    hints=(
        "Three convolutions in the branch: squeeze to planes, work on planes, expand to 4 * planes; the shortcut as in BasicBlock.",
        "conv1 is 1 by 1 (inplanes to planes), conv2 is 3 by 3 with the stride, conv3 is 1 by 1 (planes to 4 * planes). ReLU after bn1, "
        "after bn2, and after the sum.",
        "`outplanes = planes * self.expansion`; a downsample `if stride != 1 or inplanes != outplanes`; in forward, "
        "`out = self.relu(self.bn2(self.conv2(out)))`, `out = self.bn3(...)`, `return self.relu(out + shortcut)`",
    ),
)
network = task(
    "network",
    hints=(
        "Three stages of n blocks. Only the first block of stage two and of stage three has stride 2. Keep a running number of channels.",
        "After each block: channels = planes * block.expansion. bn1 normalizes `width` channels after conv1, or the final number of "
        "channels after the last block, if block.preactivation.",
        "`for stage in range(3):` `planes = width * 2**stage`; `for number in range(n):` "
        "`blocks.append(block(channels, planes, stride=2 if stage > 0 and number == 0 else 1))`; in forward `self.fc(x.mean((2, 3)))`",
    ),
)
gradients = task(
    "gradients",
    hints=(
        "Three things in a row: hooks that collect the outputs, a forward pass with its loss, gradients for what was collected.",
        "A hook is a function of (module, inputs, output). torch.autograd.grad(loss, outputs) returns one gradient for each output.",
        "`handles = [block.register_forward_hook(lambda _, __, out: outputs.append(out)) for block in blocks_of(model)]`; the loss; "
        "`handle.remove()` for each; `[g.norm().item() for g in torch.autograd.grad(...)]`",
    ),
)

# ---- tools ------------------------------------------------------------------------------------------------------------


def normal(rng, *shape) -> torch.Tensor:
    """Standard normal float64 numbers."""
    return torch.from_numpy(np.asarray(rng.standard_normal(shape)))


def random_state(rng, module) -> dict:
    """Random float64 numbers for everything in the state of `module`: variances are positive, gains around 1."""
    state = {}
    for name, value in module.state_dict().items():
        drawn = normal(rng, *value.shape)
        if "var" in name:
            drawn = drawn.abs() + 0.5
        elif value.dim() == 4:
            drawn = drawn / math.sqrt(value[0].numel())
        elif name.endswith("weight") and value.dim() == 1:
            drawn = 1 + 0.3 * drawn
        state[name] = value.clone() if "batches" in name else drawn
    return state


def same(got, want) -> bool:
    """Whether two tensors agree closely."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    return got.shape == want.shape and np.allclose(got, want, rtol=1e-9, atol=1e-9)


def named(arguments) -> str:
    """How a call with (inplanes, planes, stride) is written."""
    return f"({arguments[0]}, {arguments[1]}, stride={arguments[2]})"


# ---- blocks -----------------------------------------------------------------------------------------------------------


def theirs(kind):
    """A function like a block's class that makes torchvision's block, with a downsample where one is needed."""

    def make(inplanes, planes, stride):
        outplanes = planes * kind.expansion
        return kind(inplanes, planes, stride, references.projection(inplanes, outplanes, stride))

    return make


class Family:
    """What the checks of the three blocks differ in: the learner's class, the true block, mistakes by name, and settings."""

    def __init__(self, name, truth, reference, slips, plain, changing):
        self.name, self.truth, self.reference, self.slips = name, truth, reference, slips
        self.plain, self.changing = plain, changing  # (inplanes, planes, stride) without and with a change of shape


BASIC = Family(
    "BasicBlock",
    theirs(resnet.BasicBlock),
    references.Basic,
    {
        "no shortcut": "this is the branch alone: add the shortcut before the last ReLU",
        "relu before sum": "the last ReLU comes after the sum: relu(F(x) + s(x)), not relu(F(x)) + s(x)",
        "no last relu": "the sum goes through one more ReLU",
        "no first relu": "there is a ReLU between bn1 and conv2",
        "norm after sum": "bn2 belongs to the branch: normalize before you add",
        "late stride": "the stride of the branch is on conv1",
        "bare projection": "the projection ends with its own normalization: downsample is both of them",
    },
    [(3, 3, 1), (4, 4, 1)],
    [(3, 5, 1), (4, 4, 2), (3, 6, 2)],
)
PREACT = Family(
    "PreActBlock",
    references.PreAct,
    references.PreAct,
    {
        "no shortcut": "this is the branch alone: add the shortcut",
        "relu after sum": "nothing stands after the sum: the ReLUs are in the branch",
        "active shortcut": "the shortcut is x itself, not relu(bn1(x))",
        "raw branch": "conv1 reads relu(bn1(x)), not x",
        "no second relu": "there is a ReLU between bn2 and conv2",
        "raw projection": "downsample reads the activated input a = relu(bn1(x)), not x",
    },
    [(3, 3, 1), (4, 4, 1)],
    [(3, 5, 1), (4, 4, 2), (3, 6, 2)],
)
BOTTLENECK = Family(
    "Bottleneck",
    theirs(resnet.Bottleneck),
    references.Bottleneck,
    {
        "no shortcut": "this is the branch alone: add the shortcut before the last ReLU",
        "relu before sum": "the last ReLU comes after the sum: relu(F(x) + s(x)), not relu(F(x)) + s(x)",
        "no last relu": "the sum goes through one more ReLU",
        "one relu": "there is a ReLU between bn2 and conv3",
        "first stride": "the stride is on conv1, as in the paper of 2016; torchvision has it on the 3 by 3 convolution, conv2",
        "last stride": "the stride belongs on the 3 by 3 convolution, conv2",
    },
    [(8, 2, 1), (12, 3, 1)],
    [(3, 3, 1), (8, 2, 2), (6, 3, 2)],
)


def learners(student, family):
    """The learner's class."""
    return getattr(student, family.name)


def shapes_of(student, family, arguments) -> dict:
    """Names and shapes in the state of the learner's block."""
    found = beside(student, references.facts)(learners(student, family), arguments)
    return {name: tuple(shape) for name, shape in dict(found["shapes"]).items()}


def split(shapes: dict) -> tuple[dict, dict]:
    """The part of the branch and the part of the shortcut."""
    branch = {name: shape for name, shape in shapes.items() if not name.startswith("downsample")}
    return branch, {name: shape for name, shape in shapes.items() if name not in branch}


def compare_names(found: dict, wanted: dict, tried: str):
    """Names and shapes of the branch; the first that differs is named."""
    biases = [name for name in found if name.startswith("conv") and name.endswith("bias")]
    look = "convolutions before a normalization have no bias: use conv3x3 and conv1x1" if biases else "layers in self, under these names"
    for name in [*wanted, *found]:
        got, want = found.get(name, "nothing"), wanted.get(name, "nothing")
        expect(got == want, tried=f"{tried}; {name} in its state_dict", got=got, expected=want, look=look)


IN_PLACE = "`x += ...` and an inplace ReLU on x overwrite what is still needed: write `out + x`"


def check_branch(student, family):
    """The class attributes, and the state of the branch at all settings."""
    facts = beside(student, references.facts)(learners(student, family), family.plain[0])
    for name in ("expansion", "preactivation"):
        want = getattr(family.reference, name)
        look = "the class attributes at the top of the class tell a network what the block is like: leave them as they were"
        expect(facts[name] == want, tried=f"{family.name}.{name}", got=facts[name], expected=want, look=look)
    for arguments in family.plain + family.changing:
        found, wanted = shapes_of(student, family, arguments), family.truth(*arguments).state_dict()
        tried = f"{family.name}{named(arguments)}"
        compare_names(split(found)[0], split({name: tuple(value.shape) for name, value in wanted.items()})[0], tried)


def check_downsample(student, family, expansion=1):
    """Whether there is a downsample exactly where one is needed, and of what it consists."""
    kind = "1 by 1 convolution" if family is PREACT else "1 by 1 convolution and normalization"
    for arguments in family.plain + family.changing:
        inplanes, planes, stride = arguments
        found = split(shapes_of(student, family, arguments))[1]
        wanted = split({name: tuple(value.shape) for name, value in family.truth(*arguments).state_dict().items()})[1]
        why = f"{inplanes} channels come in and {planes * expansion} go out, stride {stride}"
        if not wanted:
            look = f"{why}: x and F(x) have the same shape, so the shortcut is x itself and downsample is None"
        elif not found:
            look = f"{why}: x and F(x) have different shapes. Either change needs a downsample"
        elif family is PREACT:
            look = "here downsample is a bare convolution: it reads a signal that bn1 has normalized"
        else:
            look = "downsample is an nn.Sequential of two: conv1x1(..., stride), nn.BatchNorm2d(...)"
        got = ", ".join(f"{name} {shape}" for name, shape in found.items() if "batches" not in name) or "no downsample"
        expected = kind if wanted else "no downsample"
        expect(found == wanted, tried=f"{family.name}{named(arguments)}", got=got, expected=expected, look=look)
    inplanes, planes, _ = family.plain[0]
    found = split(shapes_of(student, family, (inplanes, planes)))[1]
    tried, look = f"{family.name}({inplanes}, {planes})", "the stride is 1 unless told otherwise, and then these shapes need no downsample"
    expect(not found, tried=tried, got=", ".join(found), expected="no downsample", look=look)


def pair(student, family, arguments, x, rng, *, training=False, slopes=False):
    """What the learner's block and the true one give with the same random weights, and what explains a difference of the outputs."""
    state = random_state(rng, family.truth(*arguments))
    want = references.ran(family.truth, arguments, state, x, training=training)
    r = normal(rng, *want["out"].shape) if slopes else None
    if slopes:
        want = references.ran(family.truth, arguments, state, x, r, training)
    got = beside(student, references.ran)(learners(student, family), arguments, state, x, r, training)
    fits = "misfit" not in got
    look = "its layers are not those of the true block; the properties about names and downsample say which"
    tried = f"loading the weights of the true block into {family.name}{named(arguments)}"
    expect(fits, tried=tried, got=got.get("misfit"), expected="a block that takes them", look=look)

    def blame(default: str) -> str:
        if same(got["out"], want["out"]):
            return default
        for slip, look in family.slips.items():
            if same(got["out"], references.ran(family.reference, (*arguments, slip), state, x, training=training)["out"]):
                return look
        return default

    return got, want, blame


def check_outputs(student, family, settings, rng):
    """Outputs in evaluation mode, for odd pictures and single ones."""
    for arguments in settings:
        for count, height, width in ((3, 5, 7), (1, 6, 4)):
            x = 2 * normal(rng, count, arguments[0], height, width)
            tried = f"{family.name}{named(arguments)}.eval() on x of shape {tuple(x.shape)}, random weights"
            got, want, blame = pair(student, family, arguments, x, rng)
            expect_shape(got["out"], tuple(want["out"].shape), tried=tried, look="which convolution has the stride, and how many channels?")
            expect_close(got["out"], want["out"], tried=tried, look=blame("compare your forward with the formula, from left to right"))


def check_training(student, family, rng):
    """Outputs and running statistics in training mode."""
    for arguments in (family.plain[0], family.changing[2]):
        x = normal(rng, 4, arguments[0], 5, 6)
        tried = f"{family.name}{named(arguments)} in training mode on x of shape {tuple(x.shape)}"
        got, want, blame = pair(student, family, arguments, x, rng, training=True)
        expect_close(got["out"], want["out"], tried=tried, look=blame("every normalization uses the statistics of this batch"))
        for name, value in want["state"].items():
            look = "each normalization runs once in a forward pass, and it keeps PyTorch's momentum and epsilon"
            expect_close(got["state"][name], value, tried=f"{tried}; {name} afterwards", look=look)


def check_slopes(student, family, rng):
    """Gradients of the input and of all parameters."""
    for arguments in (family.plain[0], family.changing[2]):
        x = normal(rng, 3, arguments[0], 5, 6)
        tried = f"{family.name}{named(arguments)} on x of shape {tuple(x.shape)}, gradients of a random sum of the outputs"
        got, want, blame = pair(student, family, arguments, x, rng, training=True, slopes=True)
        look = blame("no detach, no .data, no torch.no_grad: gradients flow through the branch and through the shortcut")
        if "in-place" in got.get("no slopes", "") or "inplace" in got.get("no slopes", ""):
            look = IN_PLACE
        expect("slopes" in got, tried=tried, got=got.get("no slopes"), expected="outputs through which gradients flow", look=look)
        for name, slope in want["slopes"].items():
            mine = got["slopes"].get(name)
            expect(mine is not None, tried=f"{tried}; of {name}", got="None: nothing reaches it", expected="a gradient", look=look)
            expect_close(mine, slope, tried=f"{tried}; of {name}", look=look)


def check_input(student, family, rng):
    """Whether x is left as it was."""
    for arguments in (family.plain[0], family.changing[0]):
        x = normal(rng, 2, arguments[0], 5, 5)
        got, _, _ = pair(student, family, arguments, x, rng)
        tried = f"{family.name}{named(arguments)} on x of shape {tuple(x.shape)}; x afterwards"
        expect(got["same"], tried=tried, got="other numbers than before", expected="x as it was", look=IN_PLACE)


@basic.property("its branch has torchvision's layers: same names and shapes in the state_dict")
def basic_names(student, rng):
    check_branch(student, BASIC)


@basic.property("it has a downsample exactly where stride or channels change, and torchvision's weights fit into it", after="basic_names")
def basic_downsample(student, rng):
    check_downsample(student, BASIC)


@basic.property("where no shape changes, its outputs are those of torchvision's block with the same weights", after="basic_names")
def basic_outputs(student, rng):
    check_outputs(student, BASIC, BASIC.plain, rng)


@basic.property("so they are where stride or channels change", after="basic_downsample")
def basic_projected(student, rng):
    check_outputs(student, BASIC, BASIC.changing, rng)


@basic.property("in training mode, outputs and running statistics are torchvision's", after="basic_downsample")
def basic_training(student, rng):
    check_training(student, BASIC, rng)


@basic.property("gradients of the input and of all weights are torchvision's", after="basic_downsample")
def basic_slopes(student, rng):
    check_slopes(student, BASIC, rng)


@basic.property("it leaves its input as it was", after="basic_downsample")
def basic_input(student, rng):
    check_input(student, BASIC, rng)


@preactivation.property("its branch has the layers bn1, conv1, bn2, conv2 of the right shapes")
def preactivation_names(student, rng):
    check_branch(student, PREACT)


@preactivation.property(
    "it has a downsample, a bare 1 by 1 convolution, exactly where stride or channels change", after="preactivation_names"
)
def preactivation_downsample(student, rng):
    check_downsample(student, PREACT)


@preactivation.property("where no shape changes, the outputs are x + F(x)", after="preactivation_names")
def preactivation_outputs(student, rng):
    check_outputs(student, PREACT, PREACT.plain, rng)


@preactivation.property("where they change, the shortcut is the convolution of the activated input", after="preactivation_downsample")
def preactivation_projected(student, rng):
    check_outputs(student, PREACT, PREACT.changing, rng)


@preactivation.property("in training mode, outputs and running statistics are right", after="preactivation_downsample")
def preactivation_training(student, rng):
    check_training(student, PREACT, rng)


@preactivation.property("gradients of the input and of all weights are right", after="preactivation_downsample")
def preactivation_slopes(student, rng):
    check_slopes(student, PREACT, rng)


@preactivation.property("it leaves its input as it was", after="preactivation_downsample")
def preactivation_input(student, rng):
    check_input(student, PREACT, rng)


@bottleneck.property("its branch has torchvision's layers: same names and shapes in the state_dict")
def bottleneck_names(student, rng):
    check_branch(student, BOTTLENECK)


@bottleneck.property(
    "it has a downsample exactly where stride or channels change, and torchvision's weights fit into it", after="bottleneck_names"
)
def bottleneck_downsample(student, rng):
    check_downsample(student, BOTTLENECK, expansion=4)


@bottleneck.property("where no shape changes, its outputs are those of torchvision's block with the same weights", after="bottleneck_names")
def bottleneck_outputs(student, rng):
    check_outputs(student, BOTTLENECK, BOTTLENECK.plain, rng)


@bottleneck.property("so they are where stride or channels change", after="bottleneck_downsample")
def bottleneck_projected(student, rng):
    check_outputs(student, BOTTLENECK, BOTTLENECK.changing, rng)


@bottleneck.property("in training mode, outputs and running statistics are torchvision's", after="bottleneck_downsample")
def bottleneck_training(student, rng):
    check_training(student, BOTTLENECK, rng)


@bottleneck.property("gradients of the input and of all weights are torchvision's", after="bottleneck_downsample")
def bottleneck_slopes(student, rng):
    check_slopes(student, BOTTLENECK, rng)


@bottleneck.property("it leaves its input as it was", after="bottleneck_downsample")
def bottleneck_input(student, rng):
    check_input(student, BOTTLENECK, rng)


# ---- the network ------------------------------------------------------------------------------------------------------

KINDS = ("basic", "bottleneck", "preactivation")
KEYS = ("n", "width", "inputs", "classes")
SETTINGS = ((1, 4, 1, 10), (2, 3, 2, 5))


def reference_network(kind, arguments):
    """The reference network of reference blocks."""
    return references.ResNet(references.BLOCKS[kind], *arguments)


def written(kind, arguments) -> str:
    """How the call is written."""
    name = {"basic": "BasicBlock", "bottleneck": "Bottleneck", "preactivation": "PreActBlock"}[kind]
    return f"ResNet({', '.join([name, *(f'{key}={value}' for key, value in zip(KEYS, arguments, strict=False))])})"


@network.property("each of the three stages has n blocks")
def network_depth(student, rng):
    for n in (1, 2, 4):
        found = beside(student, references.facts_of_network)(student.ResNet, "basic", (n, 2, 1, 10))
        counts = [int(count) for count in found["counts"]]
        tried = f"ResNet(BasicBlock, n={n}, width=2); blocks in layer1, layer2, layer3"
        look = "each layer is an nn.Sequential of n blocks; a plain list would hide its parameters from PyTorch"
        expect(counts == [n] * 3, tried=tried, got=counts, expected=[n] * 3, look=look)


def network_look(found: dict, wanted: dict, kind: str) -> str:
    """What is probably wrong with the names or shapes in a network's state."""
    if {name for name in found if "downsample" in name} - set(wanted):
        return "stride 2 in the first block of layer2 and of layer3, stride 1 in all others; each block gets what the last one puts out"
    if found.get("bn1.weight") != wanted["bn1.weight"]:
        if kind == "preactivation":
            return "with pre-activation blocks, bn1 stands after the last block, and normalizes the channels that come out of it"
        return "bn1 stands after conv1, and normalizes `width` channels"
    if kind == "bottleneck":
        return "a block puts out planes * block.expansion channels: that is what the next one gets"
    return "the stages have width, 2 * width and 4 * width planes"


@network.property("for each kind of block, all its layers have the right names and shapes", after="network_depth")
def network_names(student, rng):
    for kind in KINDS:
        for arguments in ((1,), *SETTINGS):
            found = beside(student, references.facts_of_network)(student.ResNet, kind, arguments)
            shapes = {name: tuple(shape) for name, shape in dict(found["shapes"]).items()}
            wanted = {name: tuple(value.shape) for name, value in reference_network(kind, arguments).state_dict().items()}
            look = network_look(shapes, wanted, kind)
            for name in [*wanted, *shapes]:
                tried = f"{written(kind, arguments)}; {name} in its state_dict"
                got, want = shapes.get(name, "nothing"), wanted.get(name, "nothing")
                expect(got == want, tried=tried, got=got, expected=want, look=look)


@network.property("the second and the third stage halve the picture, once each", after="network_depth")
def network_sizes(student, rng):
    for n, side in ((1, 8), (3, 12), (2, 7)):
        got = beside(student, references.stage_sizes)(student.ResNet, "basic", (n, 2, 1, 10), torch.zeros(1, 1, side, side))
        got = [tuple(shape)[-2:] for shape in got]
        half = -(-side // 2)
        want = [(side, side), (half, half), (-(-half // 2),) * 2]
        look = "stride 2 in the first block of layer2 and of layer3, stride 1 in all others"
        expect(got == want, tried=f"n={n}, pictures of {side} by {side}; sizes after the stages", got=got, expected=want, look=look)


NETWORK_SLIPS = {
    "bare stem": "bn1 is followed by a ReLU",
    "bare end": "after the last block: bn1 and a ReLU, before the mean over places",
    "maximum": "the mean over all places, not the largest value",
    "sum": "the mean over all places, not the sum",
    "softmax": "return the scores as they are: the cross-entropy does the softmax",
}


def compare_network(student, kind, arguments, rng, training):
    """Scores and gradients of the learner's network against the reference."""
    reference = reference_network(kind, arguments)
    state, x = random_state(rng, reference), normal(rng, 4, arguments[2], 9, 8)
    r = normal(rng, 4, arguments[3])

    def run(slip=""):
        make = references.network_of(lambda *given: references.ResNet(*given, slip=slip), kind)
        return references.ran(make, arguments, state, x, r, training)

    got, want = beside(student, references.ran_network)(student.ResNet, kind, arguments, state, x, r, training), run()
    mode = "training" if training else "evaluation"
    tried = f"{written(kind, arguments)} in {mode} mode on 4 pictures of 9 by 8, random weights"
    expect_shape(got["out"], (4, arguments[3]), tried=tried, look="one row of scores for each picture")
    look = "conv1, bn1 where it belongs, three stages, mean, fc"
    if not same(got["out"], want["out"]):
        look = next((why for slip, why in NETWORK_SLIPS.items() if same(got["out"], run(slip)["out"])), look)
    expect_close(got["out"], want["out"], tried=tried, look=look)
    return got, want, tried


@network.property("made of basic or bottleneck blocks, it computes the right scores", after="network_names")
def network_scores(student, rng):
    for kind in ("basic", "bottleneck"):
        for training in (False, True):
            compare_network(student, kind, SETTINGS[1], rng, training)


@network.property("made of pre-activation blocks, it computes the right scores", after="network_names")
def network_preactivation(student, rng):
    for training in (False, True):
        compare_network(student, "preactivation", SETTINGS[1], rng, training)


@network.property("gradients reach every parameter", after="network_names")
def network_slopes(student, rng):
    for kind in ("basic", "preactivation"):
        got, want, tried = compare_network(student, kind, SETTINGS[0], rng, True)
        look = "no detach, no .data, no torch.no_grad inside forward"
        for name, slope in want["slopes"].items():
            mine = got.get("slopes", {}).get(name)
            expect(mine is not None, tried=f"{tried}; gradient of {name}", got="None", expected="a gradient", look=look)
            expect_close(mine, slope, tried=f"{tried}; gradient of {name}", look=look, tol=1e-8)


@network.property("all convolutions start by He's rule", after="network_names")
def network_start(student, rng):
    arguments = (1, 16, 3, 10)
    found = dict(beside(student, references.facts_of_network)(student.ResNet, "basic", arguments)["deviations"])
    for name, value in reference_network("basic", arguments).named_parameters():
        if value.dim() != 4:
            continue
        want = math.sqrt(2 / (value.shape[0] * value[0, 0].numel()))
        got, margin = float(found[name]), 5 * want / math.sqrt(2 * value.numel())
        look = "he_start(self) at the end of __init__, when all layers are there"
        tried = f"{written('basic', arguments)}; standard deviation of {name}"
        expect(abs(got - want) <= margin, tried=tried, got=f"{got:.4f}", expected=f"about {want:.4f}", look=look)


# ---- gradients --------------------------------------------------------------------------------------------------------

GRADIENT_SLIPS = {
    "sum": "the loss is the mean over the pictures: F.cross_entropy does that by itself",
    "entered": "these are the gradients of the blocks' inputs: the hook gets (module, inputs, output), take the third",
    "weights": "these are gradients of weights: ask for those of the blocks' outputs",
    "values": "these are the norms of the outputs themselves: take those of the gradients",
    "squares": "the norm is the root of the sum of squares: gradient.norm()",
    "backward": "from the first block to the last: gradients arrive in the other order if a backward hook collects them",
}


def norms_pair(student, kind, rng, arguments=(2, 3, 1, 4)):
    """What the learner's function gives and leaves behind, what it should give, and the probable mistake."""
    model = reference_network(kind, arguments).double()
    state = random_state(rng, model)
    model.load_state_dict(state)
    x, y = normal(rng, 6, arguments[2], 8, 8), torch.from_numpy(rng.integers(arguments[3], size=6))
    got = beside(student, references.normed)(student.gradient_norms, kind, arguments, state, x, y)
    want, look = references.norms(model, x, y), ""
    if got["norms"] is not None and not same(got["norms"], want):
        look = next((why for slip, why in GRADIENT_SLIPS.items() if same(got["norms"], references.norms(model, x, y, slip))), "")
    return got, want, look


@gradients.property("one number for each block, from the first to the last")
def gradients_listed(student, rng):
    for n in (1, 3):
        got, want, _ = norms_pair(student, "basic", rng, (n, 3, 1, 4))
        tried = f"a network with {n} block{'s' if n > 1 else ''} in each stage"
        back = "no list" if got["norms"] is None else f"{len(got['norms'])} numbers"
        look = "one hook on each block of blocks_of(model), and one gradient for each output"
        right = got["norms"] is not None and len(got["norms"]) == len(want)
        expect(right, tried=tried, got=back, expected=f"a list of {len(want)} numbers", look=look)
        kinds = sorted({str(kind) for kind in got["kinds"]} - {"float", "float64"})
        expect(not kinds, tried=f"{tried}; types", got=", ".join(kinds), expected="float", look="gradient.norm().item() is a plain number")


@gradients.property("they are the norms of the gradients of the mean cross-entropy", after="gradients_listed")
def gradients_values(student, rng):
    for kind in KINDS:
        got, want, look = norms_pair(student, kind, rng)
        tried = f"a network of {kind} blocks with random weights, 6 pictures"
        expect_close(
            got["norms"], want, tried=tried, look=look or "loss = F.cross_entropy(model(x), y), then torch.autograd.grad(loss, outputs)"
        )


@gradients.property("no hook stays behind", after="gradients_listed")
def gradients_hooks(student, rng):
    got, _, _ = norms_pair(student, "basic", rng)
    look = "register_forward_hook returns a handle: call its remove() when the forward pass is done"
    expect(got["hooks"] == 0, tried="the model afterwards", got=f"{got['hooks']} hooks still on it", expected="none", look=look)


@gradients.property("the .grad of the parameters stays as it was", after="gradients_listed")
def gradients_clean(student, rng):
    got, _, _ = norms_pair(student, "basic", rng)
    look = "loss.backward() adds to the .grad of every parameter; torch.autograd.grad(loss, outputs) adds to none"
    expect(
        got["clean"], tried="parameters with something in their .grad", got="other gradients than before", expected="the same", look=look
    )
