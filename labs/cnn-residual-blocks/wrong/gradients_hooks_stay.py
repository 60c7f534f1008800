"""Leaves the hooks on the model."""

# fails: gradients/gradients_hooks
# hears: call its remove()


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs = []
    for block in blocks_of(model):
        block.register_forward_hook(lambda _, __, out: outputs.append(out))
    loss = F.cross_entropy(model(x), y)
    return [gradient.norm().item() for gradient in torch.autograd.grad(loss, outputs)]
