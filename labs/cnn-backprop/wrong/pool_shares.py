"""The backward pass of mean-pooling."""

# fails: pool_backward/winner_takes_all, pool_backward/keeps_channels_apart, pool_backward/left_over
# fails: pool_backward/overlapping, pool_backward/first_of_equals
# hears: as mean-pooling does


def pool_backward(dy, cache):
    windows, (batch, channels, height, width), kernel, stride = cache
    dwindows = np.repeat(dy.reshape(len(windows), 1, -1), kernel * kernel, axis=1) / np.asarray(kernel * kernel, dy.dtype)
    dx = fold(dwindows, (batch * channels, 1, height, width), (kernel, kernel), stride)
    return dx.reshape(batch, channels, height, width)
