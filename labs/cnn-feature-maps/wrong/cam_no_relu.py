"""Forgets the ReLU."""

# fails: grad_cam/shape_and_sign, grad_cam/equals_captum, grad_cam/any_layer
# hears: the ReLU around the sum over channels is missing


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.detach().requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).detach()
