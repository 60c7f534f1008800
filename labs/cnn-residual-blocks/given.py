"""References of the lab cnn-residual-blocks, which stand in for the answers to earlier tasks, and tools that run the learner's code
where it lives. `slip` names a mistake to make, for the messages. This file needs only torch: its text is sent to the learner's
kernel when a grader judges from outside.
"""

import torch
import torch.nn.functional as F
from torch import nn

# ---- blocks -----------------------------------------------------------------------------------------------------------


def conv(inplanes, planes, size=3, stride=1):
    """A convolution without bias that keeps the size of the picture at stride 1."""
    return nn.Conv2d(inplanes, planes, size, stride, size // 2, bias=False)


def projection(inplanes, planes, stride):
    """Convolution and normalization for the shortcut, or None where it needs neither."""
    if stride == 1 and inplanes == planes:
        return None
    return nn.Sequential(conv(inplanes, planes, 1, stride), nn.BatchNorm2d(planes))


class Basic(nn.Module):
    """The basic block of 2016a."""

    expansion, preactivation = 1, False

    def __init__(self, inplanes, planes, stride=1, slip=""):
        super().__init__()
        first, second = (1, stride) if slip == "late stride" else (stride, 1)
        self.conv1, self.bn1 = conv(inplanes, planes, 3, first), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3, second), nn.BatchNorm2d(planes)
        self.downsample, self.slip = projection(inplanes, planes, stride), slip

    def shortcut(self, x):
        """What is added to the branch."""
        if self.slip == "no shortcut":
            return 0
        if self.downsample is None:
            return x
        return self.downsample[0](x) if self.slip == "bare projection" else self.downsample(x)

    def forward(self, x):
        out = self.bn1(self.conv1(x))
        out = self.conv2(out if self.slip == "no first relu" else out.relu())
        if self.slip == "norm after sum":
            return self.bn2(out + self.shortcut(x)).relu()
        out = self.bn2(out)
        if self.slip == "relu before sum":
            return out.relu() + self.shortcut(x)
        out = out + self.shortcut(x)
        return out if self.slip == "no last relu" else out.relu()


class Bottleneck(nn.Module):
    """The bottleneck block, with the stride on the 3 by 3 convolution."""

    expansion, preactivation = 4, False

    def __init__(self, inplanes, planes, stride=1, slip=""):
        super().__init__()
        strides = {"first stride": (stride, 1, 1), "last stride": (1, 1, stride)}.get(slip, (1, stride, 1))
        self.conv1, self.bn1 = conv(inplanes, planes, 1, strides[0]), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3, strides[1]), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv(planes, 4 * planes, 1, strides[2]), nn.BatchNorm2d(4 * planes)
        self.downsample, self.slip = projection(inplanes, 4 * planes, stride), slip

    def forward(self, x):
        out = self.bn1(self.conv1(x)).relu()
        out = self.bn2(self.conv2(out))
        out = self.bn3(self.conv3(out if self.slip == "one relu" else out.relu()))
        if self.slip == "relu before sum":
            out = out.relu()
        if self.slip != "no shortcut":
            out = out + (x if self.downsample is None else self.downsample(x))
        return out if self.slip in ("no last relu", "relu before sum") else out.relu()


class PreAct(nn.Module):
    """The pre-activation block of 2016b."""

    expansion, preactivation = 1, True

    def __init__(self, inplanes, planes, stride=1, slip=""):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inplanes), conv(inplanes, planes, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv(planes, planes)
        self.downsample = None if stride == 1 and inplanes == planes else conv(inplanes, planes, 1, stride)
        self.slip = slip

    def forward(self, x):
        active = self.bn1(x).relu()
        out = self.conv1(x if self.slip == "raw branch" else active)
        out = self.conv2(self.bn2(out) if self.slip == "no second relu" else self.bn2(out).relu())
        if self.slip == "active shortcut":
            x = active
        if self.downsample is not None:
            x = self.downsample(x if self.slip == "raw projection" else active)
        if self.slip == "no shortcut":
            return out
        return (out + x).relu() if self.slip == "relu after sum" else out + x


BLOCKS = {"basic": Basic, "bottleneck": Bottleneck, "preactivation": PreAct}

# ---- the network ------------------------------------------------------------------------------------------------------


class ResNet(nn.Module):
    """The small network of three stages."""

    def __init__(self, block, n, width=8, inputs=1, classes=10, slip=""):
        super().__init__()
        self.block, self.slip, channels = block, slip, width
        self.conv1 = conv(inputs, width)
        for stage in range(3):
            made = []
            for number in range(n):
                planes = width * 2**stage
                made.append(block(channels, planes, 2 if stage and not number else 1))
                channels = planes * block.expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.bn1 = nn.BatchNorm2d(channels if block.preactivation else width)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.conv1(x)
        if not self.block.preactivation:
            x = self.bn1(x) if self.slip == "bare stem" else self.bn1(x).relu()
        x = self.layer3(self.layer2(self.layer1(x)))
        if self.block.preactivation:
            x = self.bn1(x) if self.slip == "bare end" else self.bn1(x).relu()
        pooled = x.amax((2, 3)) if self.slip == "maximum" else x.sum((2, 3)) if self.slip == "sum" else x.mean((2, 3))
        return self.fc(pooled).softmax(1) if self.slip == "softmax" else self.fc(pooled)


def network_of(network, kind):
    """`network` with the reference block `kind` as its first argument."""
    return lambda *arguments, **options: network(BLOCKS[kind], *arguments, **options)


# ---- running what the learner wrote -----------------------------------------------------------------------------------


def facts(make, arguments):
    """Names and shapes in the state of make(*arguments), and its attribute expansion."""
    made = make(*arguments)
    shapes = {name: list(value.shape) for name, value in made.state_dict().items()}
    return {"shapes": shapes, "expansion": getattr(made, "expansion", None), "preactivation": getattr(made, "preactivation", None)}


def facts_of_network(network, kind, arguments):
    """The same for a network of reference blocks; and how many blocks its stages have, and how spread its convolutions' weights are."""
    found = facts(network_of(network, kind), arguments)
    made = network_of(network, kind)(*arguments)
    stages = [getattr(made, f"layer{k}", None) for k in (1, 2, 3)]
    found["counts"] = [len(stage) if isinstance(stage, nn.Sequential) else 0 for stage in stages]
    found["deviations"] = {name: float(value.std()) for name, value in made.named_parameters() if value.dim() == 4}
    return found


def ran(make, arguments, state, x, r=None, training=False):
    """Output of make(*arguments), in float64 and with the weights `state`, for `x`, and its state; with `r`, also the slopes of the
    sum of r times the output. "misfit" or "no slopes" say why something of this is missing."""
    module = make(*arguments).double()
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        return {"misfit": str(error)}
    module.train(training)
    x = x.detach().clone().requires_grad_()
    given = x * 1.0
    out = module(given)
    found = {"out": out.detach().clone() if isinstance(out, torch.Tensor) else out, "same": torch.equal(given, x)}
    found["state"] = {name: value.detach().clone() for name, value in module.state_dict().items() if "running" in name}
    if r is not None:
        found |= slopes(out, x, module, r)
    return found


def slopes(out, x, module, r):
    """The gradients of the sum of r times out, by name, or the reason why there are none."""
    names, leaves = zip(*[("x", x), *module.named_parameters()], strict=True)
    try:
        found = torch.autograd.grad((out * r).sum(), leaves, allow_unused=True)
    except RuntimeError as error:
        return {"no slopes": str(error)}
    return {"slopes": {name: slope for name, slope in zip(names, found, strict=True) if slope is not None}}


def ran_network(network, kind, arguments, state, x, r=None, training=False):
    """The same for a network of reference blocks."""
    return ran(network_of(network, kind), arguments, state, x, r, training)


def stage_sizes(network, kind, arguments, x):
    """Shapes of what the three stages of the network put out for `x`."""
    made, shapes = network_of(network, kind)(*arguments), []
    for k in (1, 2, 3):
        getattr(made, f"layer{k}").register_forward_hook(lambda _, __, out: shapes.append(list(out.shape)))
    made.eval()(x)
    return shapes


# ---- gradients --------------------------------------------------------------------------------------------------------


def norms(model, x, y, slip=""):
    """Norms of the gradients of the mean cross-entropy with respect to every block's output, without hooks."""
    values, x = [], model.conv1(x)
    if not model.block.preactivation:
        x = model.bn1(x).relu()
    entered = []
    for block in [*model.layer1, *model.layer2, *model.layer3]:
        entered.append(x)
        x = block(x)
        values.append(x)
    if model.block.preactivation:
        x = model.bn1(x).relu()
    loss = F.cross_entropy(model.fc(x.mean((2, 3))), y, reduction="sum" if slip == "sum" else "mean")
    wanted = entered if slip == "entered" else [block.conv1.weight for block in blocks(model)] if slip == "weights" else values
    if slip == "values":
        return [value.detach().norm().item() for value in values]
    found = [slope.norm().item() for slope in torch.autograd.grad(loss, wanted)]
    if slip == "squares":
        found = [value**2 for value in found]
    return found[::-1] if slip == "backward" else found


def blocks(model):
    """The blocks of a network, in order."""
    return [*model.layer1, *model.layer2, *model.layer3]


def normed(gradient_norms, kind, arguments, state, x, y, stale=0.5):
    """What `gradient_norms` gives for a reference network, and what it leaves behind."""
    model = ResNet(BLOCKS[kind], *arguments).double()
    model.load_state_dict(state)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, stale)
    listed = gradient_norms(model, x.clone(), y.clone())
    hooks = sum(len(each._forward_hooks) + len(each._backward_hooks) for each in model.modules())
    clean = all(each.grad is not None and bool((each.grad == stale).all()) for each in model.parameters())
    items = list(listed) if isinstance(listed, list | tuple) or hasattr(listed, "tolist") else None
    return {
        "norms": None if items is None else [float(each) for each in items],
        "kinds": [] if items is None else [type(each).__name__ for each in items],
        "hooks": hooks,
        "clean": clean,
    }
