"""Gives the gradient to every tied winner."""

# fails: pool_backward/conserves, pool_backward/first_of_equals
# hears: only one may have it


def pool_backward(dy, cache):
    windows, (batch, channels, height, width), kernel, stride = cache
    dwindows = (windows == windows.max(axis=1, keepdims=True)) * dy.reshape(len(windows), 1, -1)
    dx = fold(dwindows, (batch * channels, 1, height, width), (kernel, kernel), stride)
    return dx.reshape(batch, channels, height, width)
