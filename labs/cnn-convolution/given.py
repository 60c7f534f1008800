"""References and tools of the lab cnn-convolution that run beside the learner's code: `windows` stands in for that answer while a
later task is checked, the others look at how an answer works. Its text is sent to the learner's kernel when a grader asks for it.
"""

import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    """All windows of x, (N, C, K_h, K_w, H', W'), with Tensor.unfold."""
    if padding:
        x = F.pad(x, (padding,) * 4, value=fill)
    for axis, k in zip((2, 3), kernel_size, strict=True):
        x = x.unfold(axis, dilation * (k - 1) + 1, stride)
    return x[..., ::dilation, ::dilation].permute(0, 1, 4, 5, 2, 3)


def operations(function, *args, **named) -> list[str]:
    """The names of torch's operations that a call executes, in order, with autograd out of reach."""
    names = []

    class Listener(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            names.append(operation.name().removeprefix("aten::").split(".")[0])
            return operation(*args, **(kwargs or {}))

    with torch.inference_mode(), Listener():
        function(*args, **named)
    return names


def shares_memory(function, x, *args, **named) -> bool:
    """Whether the tensor that function(x, ...) returns lies in the memory of x."""
    return function(x, *args, **named).untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def on_a_transposed_crop(function, x, *args, **named):
    """function(y, ...) for a y with the entries of x whose strides and offset in memory are not those of a contiguous tensor."""
    room = x.new_zeros(x.shape[0], x.shape[3] + 2, x.shape[1], x.shape[2] + 3)
    y = room[:, 2:, :, 3:].permute(0, 2, 3, 1)
    y.copy_(x)
    return function(y, *args, **named)
