"""Divides by zero where the gradient is zero."""

# fails: synthesize/dead_channel
# hears: 0 / 0 is not a number


def synthesize(
    model: nn.Module, layer: str, channel: int, start: Tensor, *, steps: int = 40, rate: float = 0.05, smooth: float = 10.0
) -> Tensor:
    x = start.detach().clone()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        for _ in range(steps):
            x.requires_grad_()
            model(x)
            goal = kept[layer][:, channel].mean() - smooth * roughness(x)
            (g,) = torch.autograd.grad(goal, x)
            rms = g.square().mean().sqrt()
            x = (x.detach() + rate * g / rms).clamp(-0.5, 0.5)
    return x
