"""Picks all targets for all pictures."""

# fails: grad_cam/equals_captum, grad_cam/any_layer
# hears: takes every target for every picture


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.detach().requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores[:, targets].sum(), maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().detach()
