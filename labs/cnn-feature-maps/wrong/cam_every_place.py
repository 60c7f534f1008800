"""Weights every place by its own gradient."""

# fails: grad_cam/equals_captum, grad_cam/any_layer
# hears: average the gradient over the places first


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.detach().requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), maps)
    alpha = gradient
    return (alpha * maps).sum(1).relu().detach()
