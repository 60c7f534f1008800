"""Removes no hook."""

# fails: guided_backprop/no_trace, guided_backprop/error_leaves_no_hook
# hears: remove every hook that you add


def guided_backprop(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    def only_positive(module: nn.Module, grad_input: tuple, grad_output: tuple) -> tuple[Tensor]:
        return (grad_input[0].clamp(min=0),)

    x = images.detach().requires_grad_()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    handles = [relu.register_full_backward_hook(only_positive) for relu in relus]
    try:
        with evaluating(model):
            chosen = model(x).gather(1, targets[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), x)
    finally:
        handles.clear()
    return gradient
