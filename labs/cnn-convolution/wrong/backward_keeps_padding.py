"""Returns the gradient of the padded picture."""

# fails: conv2d_backward/gradient_shapes, conv2d_backward/cuts_the_padding, conv2d_backward/steps_of_dx
# fails: conv2d_backward/gradients_of_groups
# hears: dx has the shape of x without its padding


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    batch, (filters, _, k_h, k_w), (rows, columns) = len(x), weight.shape, grad.shape[2:]
    patches = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation)
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    dy = grad.reshape(batch, groups, filters // groups, rows * columns)  # (N, G, F/G, l)
    d_weight = (dy @ patches.reshape(batch, groups, kernels.shape[2], -1).mT).sum(0).reshape(weight.shape)
    d_patches = (kernels.mT @ dy).reshape(patches.shape)
    d_padded = torch.zeros_like(pad(x, padding))
    for u, v in product(range(k_h), range(k_w)):
        d_padded[:, :, every(u * dilation, rows, stride), every(v * dilation, columns, stride)] += d_patches[:, :, u, v]
    dx = d_padded
    return dx, d_weight, grad.sum((0, 2, 3))
