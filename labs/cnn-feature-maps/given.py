"""References of the lab cnn-feature-maps, which stand in for the answers to earlier tasks, and tools that run the learner's code
where it lives, since hooks, modes and gradients of a module cannot be seen from another process. `slip` names a mistake to make,
for the messages. This file needs only torch: its text is sent to the learner's kernel when a grader judges from outside.
"""

from collections import OrderedDict
from contextlib import contextmanager

import torch
from torch import nn

# ---- stand-ins --------------------------------------------------------------------------------------------------------


@contextmanager
def recording(model, names, *, graph=False):
    """The answer to the first task, with one hook for all."""
    kept, handles = {}, []
    layers = {model.get_submodule(name): name for name in names}

    def hook(module, inputs, output):
        kept[layers[module]] = output if graph else output.detach().clone()

    try:
        for layer in layers:
            handles.append(layer.register_forward_hook(hook))
        yield kept
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def evaluating(model):
    """The lab's helper."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def roughness(x):
    """The lab's helper."""
    return (x[:, :, 1:] - x[:, :, :-1]).square().mean() + (x[:, :, :, 1:] - x[:, :, :, :-1]).square().mean()


# ---- a patient --------------------------------------------------------------------------------------------------------


def patient(seed, inplace=False):
    """A small float64 network with nested blocks and random weights and statistics, in eval mode: (N, 3, H, W) to (N, 4)."""
    stem = OrderedDict(conv=nn.Conv2d(3, 5, 3, padding=1), norm=nn.BatchNorm2d(5), relu=nn.ReLU(inplace))
    body = OrderedDict(conv=nn.Conv2d(5, 6, 3), relu=nn.ReLU(inplace))
    tail = OrderedDict(mean=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), hidden=nn.Linear(6, 8), act=nn.ReLU(), head=nn.Linear(8, 4))
    blocks = OrderedDict(stem=nn.Sequential(stem), pool=nn.MaxPool2d(2), body=nn.Sequential(body), tail=nn.Sequential(tail))
    model, generator = nn.Sequential(blocks).double().eval(), torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.randn(value.shape, generator=generator, dtype=value.dtype) * (0.5 if value.ndim > 1 else 0.3))
            if name.endswith(("norm.weight", "running_var")):
                value.abs_().add_(0.5)
    return model


def hooks(model):
    """How many hooks the model and its modules carry."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


# ---- contexts ---------------------------------------------------------------------------------------------------------


def recorded(context, seed, names, pictures, graph=False, inplace=False):
    """What the learner's recording holds after running the patient on each of `pictures`."""
    model = patient(seed, inplace)
    options = {"graph": True} if graph else {}
    with context(model, names, **options) as kept:
        for x in pictures:
            model(x.clone())
    if not isinstance(kept, dict):
        return {"kind": type(kept).__name__}
    strange = [name for name, value in kept.items() if not isinstance(value, torch.Tensor)]
    if strange:
        return {"kind": f"a dict whose entry {strange[0]!r} is a {type(kept[strange[0]]).__name__}"}
    return {
        "kind": "dict",
        "maps": {name: value.detach().clone() for name, value in kept.items()},
        "attached": any(value.requires_grad for value in kept.values()),
    }


def differentiated(context, seed, name, x):
    """The gradient of the largest score in the recorded output of a layer, or None if no gradient reaches it."""
    model = patient(seed)
    with context(model, [name], graph=True) as kept:
        scores = model(x.clone())
    if not kept[name].requires_grad:
        return None
    (gradient,) = torch.autograd.grad(scores.max(), kept[name], allow_unused=True)
    return gradient


def measured(context, seed, names, pictures):
    """What the learner's gradient_flow holds after a forward and backward pass on each of `pictures`."""
    model = patient(seed)
    with context(model, names) as norms:
        for x in pictures:
            model(x.clone().requires_grad_()).square().sum().backward()
    if not isinstance(norms, dict):
        return {"kind": type(norms).__name__}
    return {
        "kind": "dict",
        "kinds": sorted({type(value).__name__ for value in norms.values()}),
        "norms": {name: float(torch.as_tensor(value, dtype=torch.float64).detach().sum()) for name, value in norms.items()},
    }


def norms(seed, names, x, slip=""):
    """The norms of the gradients in the named layers' outputs, or in their inputs, by autograd."""
    model, kept = patient(seed), {}
    handles = [
        model.get_submodule(name).register_forward_hook(lambda m, i, o, name=name: kept.update({name: i[0] if slip == "inputs" else o}))
        for name in names
    ]
    loss = model(x.clone().requires_grad_()).square().sum()
    gradients = torch.autograd.grad(loss, [kept[name] for name in names])
    for handle in handles:
        handle.remove()
    size = {"mean": lambda g: g.square().mean().sqrt(), "square": lambda g: g.square().sum(), "absolute": lambda g: g.abs().sum()}
    return {name: float(size.get(slip, torch.linalg.vector_norm)(g)) for name, g in zip(names, gradients, strict=True)}


def ran(context, seed, names, x):
    """Scores and parameter gradients of the patient; inside `context` if there is one."""
    model = patient(seed)
    if context is None:
        scores = model(x.clone())
        scores.square().sum().backward()
    else:
        with context(model, names):
            scores = model(x.clone())
            if not scores.requires_grad:
                return {"scores": scores.clone(), "cut": True}
            scores.square().sum().backward()
    found = {name: torch.zeros_like(p) if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}
    return {"scores": scores.detach().clone(), "cut": False, "gradients": found}


class Planned(Exception):
    """An error that the checks raise on purpose."""


def left_behind(context, seed, names, x, how="well"):
    """What remains of the learner's hooks, and of a hook that was there before, after a `with` that ends `how`."""
    model, calls = patient(seed), []
    for module in (model.stem.relu, model.body.relu):
        module.register_forward_hook(lambda *args: calls.append(1))
        module.register_full_backward_hook(lambda *args: calls.append(1))
    before, raised = hooks(model), "no error"
    try:
        with context(model, names):
            model(x.clone().requires_grad_()).sum().backward()
            if how == "error":
                raise Planned
    except NotImplementedError:
        raise
    except Exception as error:
        raised = type(error).__name__
    after = hooks(model)
    calls.clear()
    model(x.clone()).sum().backward()
    return {"more": after - before, "others": len(calls) == 4, "raised": raised}


# ---- tools that look at a model ---------------------------------------------------------------------------------------


def examined(function, seed, arguments, named=None, mode="eval", frozen=False, dead=False):
    """What function(patient, *arguments, **named) returns or raises, and what it did to the patient and to its arguments.

    mode: "eval", "train" or "mixed"; frozen: no parameter requires a gradient; dead: the first layer's channel 0 is constant.
    """
    model, named = patient(seed), named or {}
    if mode != "eval":
        model.train()
    if mode == "mixed":
        model.stem.eval()
    if dead:
        model.stem.conv.weight.data[0] = 0
    for number, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(not frozen)
        parameter.grad = torch.full_like(parameter, number + 1.0)
    model.stem.relu.register_forward_hook(lambda *args: None)
    count, modes = hooks(model), [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    given = [each.clone() if isinstance(each, torch.Tensor) else each for each in arguments]
    result, raised = None, ""
    try:
        result = function(model, *given, **named)
    except NotImplementedError:
        raise
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    pairs = [(old, new) for old, new in zip(arguments, given, strict=True) if isinstance(old, torch.Tensor)]
    return {
        "result": result.detach().clone() if isinstance(result, torch.Tensor) else result,
        "attached": isinstance(result, torch.Tensor) and result.requires_grad,
        "raised": raised,
        "hooks": hooks(model) - count,
        "modes": modes == [module.training for module in model.modules()],
        "statistics": all(torch.equal(value, state[name]) for name, value in model.state_dict().items()),
        "gradients": all(p.grad is not None and bool((p.grad == n + 1.0).all()) for n, p in enumerate(model.parameters())),
        "frozen": all(p.requires_grad is not frozen for p in model.parameters()),
        "values": all(torch.equal(old, new) for old, new in pairs),
        "flags": not any(new.requires_grad for _, new in pairs),
    }


def grad_cam(seed, layer, x, targets, slip=""):
    """Grad-CAM of the patient, or what a known mistake makes of it."""
    model = patient(seed)
    if slip == "training mode":
        model.train()
    with recording(model, [layer], graph=True) as kept:
        scores = model(x)
    if slip == "probabilities":
        scores = scores.softmax(1)
    elif slip == "log-probabilities":
        scores = scores.log_softmax(1)
    columns = {"all targets": scores[:, targets].sum(), "all classes": scores.sum(), "first target": scores[:, targets[0]].sum()}
    chosen = columns.get(slip, scores.gather(1, targets[:, None]).sum())
    (g,) = torch.autograd.grad(chosen, kept[layer])
    maps = kept[layer].detach()
    alpha = g.sum((2, 3), keepdim=True) if slip == "sum" else g.mean((2, 3), keepdim=True)
    alpha = {"batch": g.mean((0, 2, 3), keepdim=True), "every place": g, "positive": alpha.relu()}.get(slip, alpha)
    if slip == "relu inside":
        return (alpha * maps).relu().sum(1)
    if slip == "mean of channels":
        return (alpha * maps).mean(1).relu()
    total = (alpha * maps).sum(1)
    return {"no relu": total, "absolute": total.abs()}.get(slip, total.relu())


def guided_backprop(seed, x, targets, slip=""):
    """Guided backpropagation of the patient, or what a known mistake makes of it."""
    model, x = patient(seed), x.clone().requires_grad_()
    if slip == "training mode":
        model.train()

    def hook(module, grad_input, grad_output):
        gate = {"plain": grad_input[0], "deconvnet": grad_output[0].clamp(min=0), "negative": grad_input[0].clamp(max=0)}
        return (gate.get(slip, grad_input[0].clamp(min=0)),)

    relus = [module for name, module in model.named_modules() if isinstance(module, nn.ReLU)]
    if slip == "first":
        relus = relus[:1]
    for relu in relus:
        relu.register_full_backward_hook(hook)
    scores = model(x)
    if slip == "probabilities":
        scores = scores.softmax(1)
    columns = {"all targets": scores[:, targets].sum(), "all classes": scores.sum(), "first target": scores[:, targets[0]].sum()}
    (g,) = torch.autograd.grad(columns.get(slip, scores.gather(1, targets[:, None]).sum()), x)
    return {"last": g.clamp(min=0), "absolute": g.abs()}.get(slip, g)


def synthesize(seed, layer, channel, start, steps, rate, smooth, slip=""):
    """Gradient ascent on the patient's input, or what a known mistake makes of it."""
    model, x = patient(seed), start.clone()
    if slip == "training mode":
        model.train()
    for _ in range(steps):
        x.requires_grad_()
        with recording(model, [layer], graph=True) as kept:
            model(x)
        maps = kept[layer][:, channel]
        score = {"maximum": maps.amax(), "sum": maps.sum(), "picture": kept[layer][0].mean()}.get(slip, maps.mean())
        price = {"no price": 0.0, "reward": -smooth}.get(slip, smooth)
        (g,) = torch.autograd.grad(score - price * roughness(x), x)
        size = {"length": g.norm(), "unscaled": torch.tensor(1.0), "largest": g.abs().max(), "absolute": g.abs().mean()}
        step = g.sign() if slip == "sign" else g / (size.get(slip, g.square().mean().sqrt()) + 1e-12)
        x = (x + (-rate if slip == "downhill" else rate) * step).detach()
        x = (
            x
            if slip in ("no clip", "clip at the end")
            else x.clamp(0 if slip == "zero to one" else -0.5, 1 if slip == "zero to one" else 0.5)
        )
    return x.clamp(-0.5, 0.5) if slip == "clip at the end" else x


def excitement(seed, layer, channel, x):
    """Mean of the layer's channel for the picture x."""
    model = patient(seed)
    with torch.no_grad(), recording(model, [layer]) as kept:
        model(x)
    return float(kept[layer][:, channel].mean())
