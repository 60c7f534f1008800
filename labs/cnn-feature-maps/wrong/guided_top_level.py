"""Finds only ReLUs that are not inside blocks."""

# fails: guided_backprop/equals_captums
# hears: ReLUs sit inside blocks


def guided_backprop(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    def only_positive(module: nn.Module, grad_input: tuple, grad_output: tuple) -> tuple[Tensor]:
        return (grad_input[0].clamp(min=0),)

    x = images.detach().requires_grad_()
    relus = [module for module in model.children() if isinstance(module, nn.ReLU)]
    handles = [relu.register_full_backward_hook(only_positive) for relu in relus]
    try:
        with evaluating(model):
            chosen = model(x).gather(1, targets[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), x)
    finally:
        for handle in handles:
            handle.remove()
    return gradient
