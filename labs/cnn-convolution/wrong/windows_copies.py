"""Stacks the windows one by one: right, but a copy."""

# fails: windows/is_a_view
# hears: stack, reshape, contiguous and clone copy


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    batch, channels, height, width = x.shape
    rows, columns = (output_size(s, k, stride, padding, dilation) for s, k in zip((height, width), kernel_size, strict=True))
    padded = pad(x, padding, fill)
    shifted = [
        padded[:, :, every(u * dilation, rows, stride), every(v * dilation, columns, stride)] for u, v in product(*map(range, kernel_size))
    ]
    return torch.stack(shifted, 2).unflatten(2, tuple(kernel_size))
