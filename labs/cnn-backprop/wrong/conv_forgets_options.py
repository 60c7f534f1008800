"""Folds without stride and padding."""

# fails: conv_backward/with_options, conv_backward/conv_is_clean
# hears: stride and padding


def conv_backward(dy, cache):
    columns, shape, weight, stride, padding = cache
    batch, filters = dy.shape[:2]
    dy = dy.reshape(batch, filters, -1)
    dweight = (dy @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(weight.shape)
    dcolumns = weight.reshape(filters, -1).T @ dy
    return fold(dcolumns, shape, weight.shape[2:]), dweight, dy.sum(axis=(0, 2))
