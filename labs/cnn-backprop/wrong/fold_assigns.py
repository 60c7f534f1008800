"""= in place of +=."""

# fails: fold/adds_up, fold/keeps_the_order, fold/strides, fold/cuts_the_padding, fold/is_the_transpose
# hears: += in place of =


def fold(columns, shape, kernel, stride=1, padding=0):
    batch, channels, height, width = shape
    rows, cols = places(height, kernel[0], stride, padding), places(width, kernel[1], stride, padding)
    windows = columns.reshape(batch, channels, *kernel, rows, cols)
    padded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), columns.dtype)
    for u, v in np.ndindex(*kernel):
        padded[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride] = windows[:, :, u, v]
    return padded[:, :, padding : padding + height, padding : padding + width]
