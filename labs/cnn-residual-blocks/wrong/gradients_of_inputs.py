"""Collects what goes into each block."""

# fails: gradients/gradients_values
# hears: gradients of the blocks' inputs


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs = []
    handles = [block.register_forward_hook(lambda _, given, __: outputs.append(given[0])) for block in blocks_of(model)]
    loss = F.cross_entropy(model(x), y)
    for handle in handles:
        handle.remove()
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, outputs)]
