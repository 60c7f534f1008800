"""Measurements that a check makes beside the learner's code, in whichever process that runs."""

import weakref
from collections.abc import Callable


def elements(function: Callable, *args, **named) -> dict[str, int]:
    """Call `function` and count the elements of the torch tensors that it makes, operation by operation.

    Returns {"largest": elements of the largest new tensor, "peak": most elements of new tensors alive at any moment}.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves
    from torch.utils.weak import WeakIdKeyDictionary

    class Meter(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.known, self.alive, self.peak, self.largest = WeakIdKeyDictionary(), 0, 0, 0

        def free(self, count: int) -> None:
            self.alive -= count

        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            for each in tree_leaves((args, kwargs)):
                if isinstance(each, torch.Tensor):
                    self.known[each.untyped_storage()] = True
            result = operation(*args, **(kwargs or {}))
            for each in tree_leaves(result):
                if isinstance(each, torch.Tensor) and each.untyped_storage() not in self.known:
                    storage = each.untyped_storage()
                    count = storage.nbytes() // each.element_size()
                    self.known[storage] = True
                    self.alive += count
                    self.largest, self.peak = max(self.largest, count), max(self.peak, self.alive)
                    weakref.finalize(storage, self.free, count)
            return result

    with torch.no_grad(), Meter() as meter:
        function(*args, **named)
    return {"largest": meter.largest, "peak": meter.peak}
