"""The sum of the losses, which grows with the number of pictures."""

# fails: gradients/gradients_values
# hears: the loss is the mean over the pictures


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs = []
    handles = [block.register_forward_hook(lambda _, __, out: outputs.append(out)) for block in blocks_of(model)]
    loss = F.cross_entropy(model(x), y, reduction="sum")
    for handle in handles:
        handle.remove()
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, outputs)]
