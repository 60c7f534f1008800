"""Copies also with graph=True: a side branch."""

# fails: recording/graph_keeps
# hears: a clone is a side branch


@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    kept: dict[str, Tensor] = {}

    def keeper(name: str) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            kept[name] = output.clone() if graph else output.detach().clone()

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
        yield kept
    finally:
        for handle in handles:
            handle.remove()
