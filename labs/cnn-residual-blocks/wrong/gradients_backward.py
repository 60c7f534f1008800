"""Keeps the gradients of the outputs and calls backward()."""

# fails: gradients/gradients_clean
# hears: loss.backward() adds to the .grad


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs = []
    handles = [block.register_forward_hook(lambda _, __, out: outputs.append(out)) for block in blocks_of(model)]
    loss = F.cross_entropy(model(x), y)
    for handle in handles:
        handle.remove()
    for out in outputs:
        out.retain_grad()
    loss.backward()
    return [out.grad.norm().item() for out in outputs]
