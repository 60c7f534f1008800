"""Flips the kernel although the windows are already added where they came from."""

# fails: conv2d_backward/picture_gradient, conv2d_backward/cuts_the_padding, conv2d_backward/steps_of_dx
# fails: conv2d_backward/gradients_of_groups
# hears: the kernel is flipped


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, _, k_h, k_w), (rows, columns) = x.shape, weight.shape, grad.shape[2:]
    patches = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation)
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    dy = grad.reshape(batch, groups, filters // groups, rows * columns)  # (N, G, F/G, l)
    d_weight = (dy @ patches.reshape(batch, groups, kernels.shape[2], -1).mT).sum(0).reshape(weight.shape)
    d_patches = (kernels.mT @ dy).reshape(patches.shape)
    d_padded = torch.zeros_like(pad(x, padding))
    for u, v in product(range(k_h), range(k_w)):
        d_padded[:, :, every(u * dilation, rows, stride), every(v * dilation, columns, stride)] += d_patches[:, :, k_h - 1 - u, k_w - 1 - v]
    dx = d_padded[:, :, padding : padding + height, padding : padding + width]
    return dx, d_weight, grad.sum((0, 2, 3))
