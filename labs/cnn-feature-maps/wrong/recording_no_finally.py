"""Removes the hooks only if all goes well."""

# fails: recording/leaves_nothing_after_an_error, recording/unknown_name
# hears: put the removal into `finally`


@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    kept: dict[str, Tensor] = {}

    def keeper(name: str) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            kept[name] = output if graph else output.detach().clone()

        return hook

    handles = []
    for name in names:
        handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
    yield kept
    for handle in handles:
        handle.remove()
