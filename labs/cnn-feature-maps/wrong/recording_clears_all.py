"""Clears all hooks of the layers, its own or not."""

# fails: recording/leaves_nothing, recording/leaves_nothing_after_an_error, recording/unknown_name
# hears: other people's hooks stay


@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    kept: dict[str, Tensor] = {}

    def keeper(name: str) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            kept[name] = output if graph else output.detach().clone()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
        yield kept
    finally:
        for name in names:
            model.get_submodule(name)._forward_hooks.clear()
