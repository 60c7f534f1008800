"""Leaves the model in eval mode."""

# fails: guided_backprop/training_mode
# hears: modules in another mode than before


def guided_backprop(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    def only_positive(module: nn.Module, grad_input: tuple, grad_output: tuple) -> tuple[Tensor]:
        return (grad_input[0].clamp(min=0),)

    x = images.detach().requires_grad_()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    handles = [relu.register_full_backward_hook(only_positive) for relu in relus]
    try:
        chosen = model.eval()(x).gather(1, targets[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), x)
    finally:
        for handle in handles:
            handle.remove()
    return gradient
