"""Puts the windows back without their stride."""

# fails: conv2d_backward/steps_of_dx
# hears: window row u of place i came from row i * stride


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, _, k_h, k_w), (rows, columns) = x.shape, weight.shape, grad.shape[2:]
    patches = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation)
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    dy = grad.reshape(batch, groups, filters // groups, rows * columns)  # (N, G, F/G, l)
    d_weight = (dy @ patches.reshape(batch, groups, kernels.shape[2], -1).mT).sum(0).reshape(weight.shape)
    d_patches = (kernels.mT @ dy).reshape(patches.shape)
    d_padded = torch.zeros_like(pad(x, padding))
    for u, v in product(range(k_h), range(k_w)):
        d_padded[:, :, every(u * dilation, rows, 1), every(v * dilation, columns, 1)] += d_patches[:, :, u, v]
    dx = d_padded[:, :, padding : padding + height, padding : padding + width]
    return dx, d_weight, grad.sum((0, 2, 3))
