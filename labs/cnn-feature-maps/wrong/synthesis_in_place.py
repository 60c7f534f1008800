"""Climbs in the caller's picture."""

# fails: synthesize/no_trace
# hears: other numbers in your arguments


def synthesize(
    model: nn.Module, layer: str, channel: int, start: Tensor, *, steps: int = 40, rate: float = 0.05, smooth: float = 10.0
) -> Tensor:
    x = start.detach()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        for _ in range(steps):
            x.requires_grad_()
            model(x)
            goal = kept[layer][:, channel].mean() - smooth * roughness(x)
            (g,) = torch.autograd.grad(goal, x)
            rms = g.square().mean().sqrt()
            x = x.detach().add_(rate * g / (rms + 1e-12)).clamp_(-0.5, 0.5)
    return x
