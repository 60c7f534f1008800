"""Uses backward(), which adds to the gradients of the parameters."""

# fails: grad_cam/gradients_untouched
# hears: backward() adds to p.grad


def grad_cam(model: nn.Module, layer: str, images: Tensor, targets: Tensor) -> Tensor:
    x = images.detach().requires_grad_()
    with evaluating(model), recording(model, [layer], graph=True) as kept:
        scores = model(x)
    maps = kept[layer]
    maps.retain_grad()
    scores.gather(1, targets[:, None]).sum().backward()
    gradient = maps.grad
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().detach()
