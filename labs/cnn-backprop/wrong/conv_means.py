"""Averages over the pictures once more."""

# fails: conv_backward/bias_gradient, conv_backward/weight_gradient, conv_backward/with_options
# fails: conv_backward/extreme_kernels
# hears: 1/N is in dy already


def conv_backward(dy, cache):
    columns, shape, weight, stride, padding = cache
    batch, filters = dy.shape[:2]
    dy = dy.reshape(batch, filters, -1)
    dweight = (dy @ columns.transpose(0, 2, 1)).mean(axis=0).reshape(weight.shape)
    dcolumns = weight.reshape(filters, -1).T @ dy
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dy.sum(axis=2).mean(axis=0)
