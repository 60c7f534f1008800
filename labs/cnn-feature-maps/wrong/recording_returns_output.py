"""Returns the detached output from the hook, which replaces it."""

# fails: recording/changes_nothing, recording/detached_copies
# hears: a hook that only looks returns nothing


@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    kept: dict[str, Tensor] = {}

    def keeper(name: str) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
            kept[name] = output if graph else output.detach().clone()
            return kept[name]

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
        yield kept
    finally:
        for handle in handles:
            handle.remove()
