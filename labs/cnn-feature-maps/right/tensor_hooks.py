"""Hooks on tensors in place of modules, a ReLU of one's own with another backward, backward(inputs=...), and the parts in classes."""


class Recorder:
    def __init__(self, name, kept, graph):
        self.name, self.kept, self.graph = name, kept, graph

    def __call__(self, module, inputs, output):
        self.kept.update({self.name: output if self.graph else torch.empty_like(output).copy_(output.detach())})


@contextmanager
def recording(model, names, *, graph=False):
    kept = {}
    layers = [model.get_submodule(name) for name in names]
    handles = [layer.register_forward_hook(Recorder(name, kept, graph)) for name, layer in zip(names, layers, strict=True)]
    try:
        yield kept
    finally:
        [handle.remove() for handle in handles]


@contextmanager
def gradient_flow(model, names):
    norms = {}

    def watch(name):
        def note(gradient):
            norms[name] = gradient.pow(2).sum().sqrt().item()

        def on_forward(module, inputs, output):
            output.register_hook(note)

        return on_forward

    layers = {name: model.get_submodule(name) for name in names}
    handles = [layer.register_forward_hook(watch(name)) for name, layer in layers.items()]
    try:
        yield norms
    finally:
        for handle in handles:
            handle.remove()


def grad_cam(model, layer, images, targets):
    x, found = images.detach().clone().requires_grad_(), {}

    def catch(module, inputs, output):
        found["maps"] = output.detach().clone()
        output.register_hook(lambda gradient: found.update(gradient=gradient.clone()))

    handle = model.get_submodule(layer).register_forward_hook(catch)
    try:
        with evaluating(model):
            scores = model(x)
        chosen = sum(row[target] for row, target in zip(scores, targets, strict=True))
        torch.autograd.grad(chosen, x)
    finally:
        handle.remove()
    alpha = found["gradient"].mean(3).mean(2)
    return F.relu((alpha[..., None, None] * found["maps"]).sum(dim=1))


class GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) & (gradient > 0), gradient, torch.zeros_like(gradient))


def guided_backprop(model, images, targets):
    x = images.detach().clone().requires_grad_()
    handles = []
    try:
        for module in model.modules():
            if isinstance(module, nn.ReLU):
                handles.append(module.register_forward_hook(lambda module, inputs, output: GuidedReLU.apply(inputs[0])))
        with evaluating(model):
            scores = model(x)
    finally:
        for handle in handles:
            handle.remove()
    scores.gather(1, targets.unsqueeze(1)).sum().backward(inputs=[x])
    return x.grad


def synthesize(model, layer, channel, start, *, steps=40, rate=0.05, smooth=10.0):
    x = start.detach().clone().requires_grad_()
    with evaluating(model):
        for _ in range(steps):
            with recording(model, [layer], graph=True) as kept:
                model(x)
            loss = smooth * roughness(x) - kept[layer][0, channel].mean()
            x.grad = None
            loss.backward(inputs=[x])
            with torch.no_grad():
                x -= rate * x.grad / (x.grad.norm() / x.numel() ** 0.5 + 1e-12)
                x.clamp_(-0.5, 0.5)
    return x.detach()
