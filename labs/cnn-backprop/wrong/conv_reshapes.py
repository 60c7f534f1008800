"""reshape where two axes must be exchanged."""

# fails: conv_backward/weight_gradient, conv_backward/with_options, conv_backward/extreme_kernels
# hears: reshape does not transpose


def conv_backward(dy, cache):
    columns, shape, weight, stride, padding = cache
    batch, filters = dy.shape[:2]
    dy = dy.reshape(batch, filters, -1)
    dweight = (dy @ columns.reshape(batch, columns.shape[2], -1)).sum(axis=0).reshape(weight.shape)
    dcolumns = weight.reshape(filters, -1).T @ dy
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dy.sum(axis=(0, 2))
