"""Adds the hooks before `try` begins."""

# fails: recording/unknown_name
# hears: begin `try` before the loop


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
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
