"""Lets the kernel step by the stride and the places by the dilation."""

# fails: windows/strided_windows, windows/dilated_windows, windows/asks_for_strides
# hears: stride and dilation have changed places


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    batch, channels, height, width = x.shape
    places = [output_size(size, k, stride, padding, dilation) for size, k in zip((height, width), kernel_size, strict=True)]
    padded = pad(x, padding, fill)
    picture, channel, row, column = padded.stride()
    strides = (picture, channel, stride * row, stride * column, dilation * row, dilation * column)
    return padded.as_strided((batch, channels, *kernel_size, *places), strides)
