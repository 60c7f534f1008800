"""Turns the kernel by hand, although the transpose and fold do it already."""

# fails: conv_backward/input_gradient, conv_backward/with_options, conv_backward/extreme_kernels
# hears: fold turns it already


def conv_backward(dy, cache):
    columns, shape, weight, stride, padding = cache
    batch, filters = dy.shape[:2]
    dy = dy.reshape(batch, filters, -1)
    dweight = (dy @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(weight.shape)
    dcolumns = weight[:, :, ::-1, ::-1].reshape(filters, -1).T @ dy
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dy.sum(axis=(0, 2))
