"""Returns the normalized gradient from the hook."""

# fails: gradient_flow/changes_nothing, gradient_flow/norms_by_name
# hears: a hook that only looks returns nothing


@contextmanager
def gradient_flow(model: nn.Module, names: list[str]) -> Iterator[dict[str, float]]:
    norms: dict[str, float] = {}

    def measurer(name: str) -> Callable:
        def hook(module: nn.Module, grad_input: tuple, grad_output: tuple) -> tuple:
            norms[name] = grad_output[0].norm().item()
            return tuple(g if g is None else g / norms[name] for g in grad_input)

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_full_backward_hook(measurer(name)))
        yield norms
    finally:
        for handle in handles:
            handle.remove()
