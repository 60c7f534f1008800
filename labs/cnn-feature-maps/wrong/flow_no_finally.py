"""Removes the hooks only if all goes well."""

# fails: gradient_flow/leaves_nothing_after_an_error, gradient_flow/unknown_name
# hears: put the removal into `finally`


@contextmanager
def gradient_flow(model: nn.Module, names: list[str]) -> Iterator[dict[str, float]]:
    norms: dict[str, float] = {}

    def measurer(name: str) -> Callable:
        def hook(module: nn.Module, grad_input: tuple, grad_output: tuple) -> None:
            norms[name] = grad_output[0].norm().item()

        return hook

    handles = []
    for name in names:
        handles.append(model.get_submodule(name).register_full_backward_hook(measurer(name)))
    yield norms
    for handle in handles:
        handle.remove()
