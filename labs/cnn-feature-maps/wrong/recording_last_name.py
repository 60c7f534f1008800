"""Defines the hook inside the loop, where all hooks share one name."""

# fails: recording/outputs_by_name, recording/latest_counts, recording/detached_copies
# hears: a loop's variable has its last value


@contextmanager
def recording(model: nn.Module, names: list[str], *, graph: bool = False) -> Iterator[dict[str, Tensor]]:
    kept: dict[str, Tensor] = {}
    handles = []
    try:
        for name in names:

            def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
                kept[name] = output if graph else output.detach().clone()

            handles.append(model.get_submodule(name).register_forward_hook(hook))
        yield kept
    finally:
        for handle in handles:
            handle.remove()
