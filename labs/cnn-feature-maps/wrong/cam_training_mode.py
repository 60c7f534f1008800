"""Runs the model in the mode in which it comes."""

# fails: grad_cam/training_mode
# hears: moves its stored mean and spread


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.detach().requires_grad_()
    with recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().detach()
