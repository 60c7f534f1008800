"""Takes the mean over the copies of a pixel, so that fold undoes unfold."""

# fails: fold/adds_up, fold/keeps_the_order, fold/strides, fold/cuts_the_padding, fold/is_the_transpose
# hears: the transpose is their sum


def fold(columns, shape, kernel, stride=1, padding=0):
    batch, channels, height, width = shape
    rows, cols = places(height, kernel[0], stride, padding), places(width, kernel[1], stride, padding)
    windows = columns.reshape(batch, channels, *kernel, rows, cols)
    padded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), columns.dtype)
    for u, v in np.ndindex(*kernel):
        padded[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride] += windows[:, :, u, v]
    counts = np.zeros_like(padded)
    for u, v in np.ndindex(*kernel):
        counts[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride] += 1
    return (padded / np.maximum(counts, 1))[:, :, padding : padding + height, padding : padding + width]
