"""Forgets to hand the dilation on."""

# fails: conv2d/shape_and_dtype, conv2d/dilates, conv2d/all_together
# hears: the dilation is ignored


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    batch, filters = len(x), len(weight)
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding)
    rows, columns = patches.shape[4:]
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    y = kernels @ patches.reshape(batch, groups, kernels.shape[2], rows * columns)  # (N, G, F/G, l)
    y = y.reshape(batch, filters, rows, columns)
    return y if bias is None else y + bias[:, None, None]
