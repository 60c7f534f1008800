"""Measures dL/d(input)."""

# fails: gradient_flow/norms_by_name, gradient_flow/changes_nothing
# hears: take grad_output


@contextmanager
def gradient_flow(model: nn.Module, names: list[str]) -> Iterator[dict[str, float]]:
    norms: dict[str, float] = {}

    def measurer(name: str) -> Callable:
        def hook(module: nn.Module, grad_input: tuple, grad_output: tuple) -> None:
            norms[name] = grad_input[0].norm().item()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_full_backward_hook(measurer(name)))
        yield norms
    finally:
        for handle in handles:
            handle.remove()
