"""References and tools of the lab cnn-transfer that run beside the learner's code: a small network in stages, answers that stand in
for those to earlier tasks, and reports on what an answer did to a network. This file needs nothing but torch: its text is sent to
the learner's kernel when a grader judges from outside.
"""

import copy
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn


class Staged(nn.Module):
    """A small network with `stages` and a `head`: convolution, BatchNorm, ReLU and dropout in each stage; float64.

    `seen` lists the sizes of the batches that went through it.
    """

    def __init__(self, seed: int, stages: int = 3, classes: int = 4):
        super().__init__()
        torch.manual_seed(seed)
        widths = [3, *range(4, 4 + stages)]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.Dropout(0.3)) for i, o in pairwise(widths)
        )
        self.head = nn.Linear(widths[-1], classes)
        self.seen: list[int] = []
        self.stages[0].register_forward_pre_hook(lambda stage, inputs: self.seen.append(len(inputs[0])))
        self.double()
        for name, buffer in self.named_buffers():  # statistics as after some training
            if buffer.is_floating_point():
                buffer.copy_(0.5 * torch.randn_like(buffer) if name.endswith("mean") else 0.5 + torch.rand_like(buffer))
            else:
                buffer.fill_(7)

    def forward(self, x, start: int = 0):
        for stage in self.stages[start:]:
            x = stage(x)
        return self.head(x.mean((2, 3)))


def pictures(seed: int, count: int = 8, channels: int = 3):
    """Random inputs (count, channels, 5, 6) in float64 and labels 0 to 3."""
    rng = torch.Generator().manual_seed(seed)
    x = 1 + torch.randn(count, channels, 5, 6, generator=rng, dtype=torch.float64)
    return x, torch.randint(4, (count,), generator=rng)


def freeze(model, until):
    """The reference."""
    for place, stage in enumerate(model.stages):
        stage.requires_grad_(place >= until).train(place >= until)
    model.head.requires_grad_().train()
    model.training = True


def parameter_groups(model, lr, factor, weight_decay):
    """The reference."""
    groups = []
    for distance, part in enumerate([model.head, *reversed(model.stages)]):
        for matrices, decay in ((True, weight_decay), (False, 0.0)):
            chosen = [p for p in part.parameters() if p.requires_grad and (p.ndim > 1) == matrices]
            if chosen:
                groups.append({"params": chosen, "lr": lr / factor**distance, "weight_decay": decay})
    return groups


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    """The reference."""
    freeze(model, until)
    known = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for group in parameter_groups(model, lr, factor, weight_decay):
        if new := [p for p in group["params"] if id(p) not in known]:
            optimizer.add_param_group({**group, "params": new})


def part_names(model) -> list[str]:
    """The names of a network's parts: stage 0, stage 1, ..., head."""
    return [*(f"stage {place}" for place in range(len(model.stages))), "head"]


def parts(model) -> list:
    """A network's parts in the order of `part_names`."""
    return [*model.stages, model.head]


def differing(before: dict, model) -> list[str]:
    """The names of all weights and buffers that are not bit for bit what they were."""
    return [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]


# ---------------------------------------------------------------- 1. freeze


def frozen(freeze, seed: int, calls: list) -> dict:
    """What a network of three stages does after `calls`, in this order: values of `until`, "train", "eval", or "off" for no gradients."""
    model = Staged(seed)
    start = copy.deepcopy(model.state_dict())
    for call in calls:
        if call == "off":
            model.requires_grad_(False)
        elif isinstance(call, str):
            getattr(model, call)()
        else:
            freeze(model, call)
    report = {"touched": differing(start, model)}
    x, y = pictures(seed)
    F.cross_entropy(model(x), y).backward()
    report["gradients"] = [any(p.grad is not None for p in part.parameters()) for part in parts(model)]
    report["all_gradients"] = [all(p.grad is not None for p in part.parameters()) for part in parts(model)]
    report["moved"] = [name for name in differing(start, model) if name not in report["touched"]]
    report["training"] = [part.training for part in parts(model)]
    return report


def noise(freeze, seed: int, until: int) -> float:
    """The largest difference between two passes of the same inputs through the frozen stages."""
    model = Staged(seed).train()
    freeze(model, until)
    outputs = []
    for _ in range(2):
        x = pictures(seed)[0]
        for stage in model.stages[:until]:
            x = stage(x)
        outputs.append(x.detach())
    return (outputs[0] - outputs[1]).abs().max().item()


def epochs(freeze, seed: int, until: int) -> list[str]:
    """What has changed after three epochs of training and validation, among the frozen stages."""
    model, (x, y) = Staged(seed), pictures(seed)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(3):
        model.train()
        freeze(model, until)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        model.eval()
        model(x)
    return differing(before, model)


# ---------------------------------------------------------------- 2. features


def featured(features, seed: int, until: int, batch_size: int, count: int = 7) -> dict:
    """The features and what was done to the network, whose stage 1 was in eval mode and whose other parts were training."""
    model, (x, _) = Staged(seed), pictures(seed, count)
    model.train()
    model.stages[1].eval()
    before, modes = copy.deepcopy(model.state_dict()), [module.training for module in model.modules()]
    asked = [p.requires_grad for p in model.parameters()]
    got = features(model, x.clone(), until, batch_size)
    report = {
        "changed": differing(before, model),
        "modes": modes == [module.training for module in model.modules()],
        "asked": asked == [p.requires_grad for p in model.parameters()],
        "seen": model.seen[:],
        "tensor": isinstance(got, torch.Tensor),
        "graph": isinstance(got, torch.Tensor) and got.requires_grad,
        "inference": isinstance(got, torch.Tensor) and got.is_inference(),
        "got": got.detach().clone() if isinstance(got, torch.Tensor) else None,
    }
    model.eval()
    with torch.no_grad():
        for stage in model.stages[:until]:
            x = stage(x)
    return {**report, "want": x}


def trained_on(features, seed: int) -> str:
    """The error of a training step of the last stage on features of the first two, or an empty string."""
    model, (x, y) = Staged(seed), pictures(seed)
    try:
        F.cross_entropy(model(features(model, x, 2, 4), 2), y).backward()
    except RuntimeError as error:
        return str(error)
    return "" if model.stages[2][0].weight.grad is not None else "no gradient reached the last stage"


# ---------------------------------------------------------------- 4. parameter groups


def grouped(groups, seed: int, until: int, lr: float, factor: float, weight_decay: float, stages: int = 3) -> dict:
    """For each parameter by name: its settings in each group that holds it; and a step of SGD made with these groups."""
    model = Staged(seed, stages)
    freeze(model, until)
    answer = groups(model, lr, factor, weight_decay)
    if not isinstance(answer, list) or not all(isinstance(group, dict) and "params" in group for group in answer):
        return {"places": None}
    made = [{**group, "params": list(group["params"])} for group in answer]
    return {"places": _places(model, made), "trainable": _trainable(model), "vectors": _vectors(model), "empty": _empty(made)}


def _places(model, groups) -> dict:
    return {
        name: [
            (float(group.get("lr", -1)), float(group.get("weight_decay", -1)))
            for group in groups
            for parameter in group["params"]
            if parameter is wanted
        ]
        for name, wanted in model.named_parameters()
    }


def _trainable(model) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _vectors(model) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.ndim == 1]


def _empty(groups) -> int:
    return sum(not group["params"] for group in groups)


def twice_readable(groups, seed: int) -> bool:
    """Whether the parameters of every group can be listed twice."""
    model = Staged(seed)
    return all(len(list(group["params"])) and len(list(group["params"])) for group in groups(model, 0.1, 2.0, 0.0))


# ---------------------------------------------------------------- 5. unfreeze

RATES = {"lr": 0.02, "factor": 2.0, "weight_decay": 0.1}


def step(model, optimizer, x, y) -> None:
    """One step of training."""
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def started(seed: int, until: int):
    """A network of three stages, frozen up to `until`, and an optimizer that has made two steps on it."""
    model, (x, y) = Staged(seed), pictures(seed)
    for stage in model.stages:
        stage[3].p = 0.0  # without chance, so that two runs can be compared
    freeze(model, until)
    optimizer = torch.optim.AdamW(parameter_groups(model, **RATES))
    for _ in range(2):
        step(model, optimizer, x, y)
    return model, optimizer


def unfrozen(unfreeze, seed: int, schedule: list, between: str = "", slower: float = 1.0) -> dict:
    """What a network and its optimizer look like after calls of unfreeze, one for each entry of `schedule`, with a step after each."""
    model, optimizer = started(seed, 3)
    x, y = pictures(seed)
    for group in optimizer.param_groups:
        group["lr"] *= slower
    rates, state = _rates(optimizer), _state(model, optimizer)
    report = {"leaks": []}
    for epoch, until in enumerate(schedule):
        if between:
            getattr(model, between)()
        before = copy.deepcopy(model.state_dict())
        unfreeze(model, optimizer, until, **RATES)
        if epoch == 0:
            report["state"] = state == _state(model, optimizer)
            report["rates"] = rates == _rates(optimizer)[: len(rates)]
        report["training"] = [part.training for part in parts(model)]
        step(model, optimizer, x, y)
        changed = differing(before, model)
        report["leaks"] += [name for name in changed if name.startswith("stages.") and int(name.split(".")[1]) < until]
    report["final"] = {name: value for name, value in model.state_dict().items() if value.is_floating_point()}
    return {**report, "places": _places(model, optimizer.param_groups)}


def _rates(optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def _state(model, optimizer) -> list:
    """The optimizer's memory of the head: steps made and both moving averages."""
    return [value.tolist() for parameter in model.head.parameters() for _, value in sorted(optimizer.state.get(parameter, {}).items())]


def reference_run(seed: int, schedule: list) -> dict:
    """The same with the reference."""
    return unfrozen(unfreeze, seed, schedule)
