"""Makes the caller's tensor require gradients."""

# fails: grad_cam/no_trace
# hears: the caller's tensor requires gradients now


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().detach()
