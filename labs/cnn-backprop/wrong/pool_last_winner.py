"""Takes the last of several equal winners."""

# fails: pool_backward/first_of_equals
# hears: takes the last


def pool_backward(dy, cache):
    windows, (batch, channels, height, width), kernel, stride = cache
    dwindows = np.zeros_like(windows)
    winners = windows.shape[1] - 1 - windows[:, ::-1].argmax(axis=1)[:, None]
    np.put_along_axis(dwindows, winners, dy.reshape(winners.shape), axis=1)
    dx = fold(dwindows, (batch * channels, 1, height, width), (kernel, kernel), stride)
    return dx.reshape(batch, channels, height, width)
