"""Gradients of the first weights in each block."""

# fails: gradients/gradients_values
# hears: these are gradients of weights


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs = []
    handles = [block.register_forward_hook(lambda _, __, out: outputs.append(out)) for block in blocks_of(model)]
    loss = F.cross_entropy(model(x), y)
    for handle in handles:
        handle.remove()
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, [block.conv1.weight for block in blocks_of(model)])]
