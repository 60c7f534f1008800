"""Flattens the places first and reshapes them to columns, which reorders nothing."""

# fails: conv2d/plain, conv2d/pads, conv2d/strides, conv2d/dilates, conv2d/keeps_groups_apart, conv2d/all_together
# hears: multiply patch and kernel entry by entry


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    batch, filters = len(x), len(weight)
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)
    rows, columns = patches.shape[4:]
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    y = kernels @ patches.permute(0, 4, 5, 1, 2, 3).reshape(batch, groups, kernels.shape[2], rows * columns)  # (N, G, F/G, l)
    y = y.reshape(batch, filters, rows, columns)
    return y if bias is None else y + bias[:, None, None]
