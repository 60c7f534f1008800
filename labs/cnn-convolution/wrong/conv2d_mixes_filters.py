"""Cuts the filters into groups as if they took turns."""

# fails: conv2d/keeps_groups_apart, conv2d/all_together
# hears: take turns among the groups


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    batch, filters = len(x), len(weight)
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)
    rows, columns = patches.shape[4:]
    kernels = weight.reshape(filters // groups, groups, -1).mT.reshape(filters // groups, -1, groups).permute(2, 0, 1)  # (G, F/G, k)
    y = kernels @ patches.reshape(batch, groups, kernels.shape[2], rows * columns)  # (N, G, F/G, l)
    y = y.reshape(batch, filters, rows, columns)
    return y if bias is None else y + bias[:, None, None]
