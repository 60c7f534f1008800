"""Stores tensors."""

# fails: gradient_flow/plain_numbers
# hears: makes a number of a tensor


@contextmanager
def gradient_flow(model: nn.Module, names: list[str]) -> Iterator[dict[str, float]]:
    norms: dict[str, float] = {}

    def measurer(name: str) -> Callable:
        def hook(module: nn.Module, grad_input: tuple, grad_output: tuple) -> None:
            norms[name] = grad_output[0].norm()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_full_backward_hook(measurer(name)))
        yield norms
    finally:
        for handle in handles:
            handle.remove()
