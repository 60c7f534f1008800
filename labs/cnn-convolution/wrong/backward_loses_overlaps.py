"""Adds to all windows in one assignment: where they overlap, only one contribution is kept."""

# fails: conv2d_backward/picture_gradient, conv2d_backward/cuts_the_padding, conv2d_backward/steps_of_dx
# fails: conv2d_backward/gradients_of_groups
# hears: contributions are lost


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, _, k_h, k_w), (rows, columns) = x.shape, weight.shape, grad.shape[2:]
    patches = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation)
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    dy = grad.reshape(batch, groups, filters // groups, rows * columns)  # (N, G, F/G, l)
    d_weight = (dy @ patches.reshape(batch, groups, kernels.shape[2], -1).mT).sum(0).reshape(weight.shape)
    d_patches = (kernels.mT @ dy).reshape(patches.shape)
    d_padded = torch.zeros_like(pad(x, padding))
    i, j = torch.arange(rows) * stride, torch.arange(columns) * stride
    u, v = torch.arange(k_h) * dilation, torch.arange(k_w) * dilation
    d_padded[:, :, u[:, None, None, None] + i[:, None], v[:, None, None] + j] += d_patches
    dx = d_padded[:, :, padding : padding + height, padding : padding + width]
    return dx, d_weight, grad.sum((0, 2, 3))
