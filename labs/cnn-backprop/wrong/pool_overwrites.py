"""Writes each gradient into the picture, where a second one replaces the first."""

# fails: pool_backward/overlapping, pool_backward/first_of_equals
# hears: the last one overwrote the others


def pool_backward(dy, cache):
    windows, shape, kernel, stride = cache
    dx = np.zeros(shape, dy.dtype)
    u, v = np.divmod(windows.argmax(axis=1).reshape(dy.shape), kernel)
    n, c, i, j = np.indices(dy.shape)
    dx[n, c, i * stride + u, j * stride + v] = dy
    return dx
