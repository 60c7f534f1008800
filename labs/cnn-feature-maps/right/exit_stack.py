"""Handles as context managers in an ExitStack, functools.partial in place of closures, einsum, one score at a time."""

from contextlib import ExitStack
from functools import partial


def keep(kept, name, graph, module, inputs, output):
    kept[name] = output if graph else output.clone().detach()


@contextmanager
def recording(model, names, *, graph=False):
    kept = {}
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(model.get_submodule(name).register_forward_hook(partial(keep, kept, name, graph)))
        yield kept


def store_norm(norms, name, module, grad_input, grad_output):
    norms[name] = float(torch.linalg.vector_norm(grad_output[0]))


@contextmanager
def gradient_flow(model, names):
    norms = {}
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(model.get_submodule(name).register_full_backward_hook(partial(store_norm, norms, name)))
        yield norms


def grad_cam(model, layer, images, targets):
    heat = []
    for image, target in zip(images.detach(), targets, strict=True):
        with evaluating(model), recording(model, [layer], graph=True) as kept:
            score = model(image[None].clone().requires_grad_())[0, target]
        maps = kept[layer]
        gradient = torch.autograd.grad(score, maps)[0]
        heat.append(torch.einsum("k,khw->hw", gradient[0].flatten(1).mean(1), maps[0].detach()).clamp(min=0))
    return torch.stack(heat)


def guided_backprop(model, images, targets):
    x = images.clone().detach().requires_grad_(True)
    with ExitStack() as stack:
        for _, module in model.named_modules():
            if type(module) is nn.ReLU:
                stack.enter_context(module.register_full_backward_hook(lambda module, before, after: tuple(g.relu() for g in before)))
        stack.enter_context(evaluating(model))
        scores = model(x)
        return torch.autograd.grad(scores[torch.arange(len(x)), targets].sum(), x)[0]


def synthesize(model, layer, channel, start, *, steps=40, rate=0.05, smooth=10.0):
    x = start.detach()
    for _ in range(steps):
        leaf = x.clone().requires_grad_()
        with evaluating(model), recording(model, [layer], graph=True) as kept:
            model(leaf)
        maps = kept[layer][0, channel]
        price = torch.autograd.grad(roughness(leaf), leaf)[0]
        climb = torch.autograd.grad(maps.sum(), leaf)[0] / maps.numel() - smooth * price
        x = torch.clip(x + rate * climb / (climb.pow(2).mean() ** 0.5 + 1e-12), -0.5, 0.5)
    return x.clone()
