"""Puts the axes of the places in front of those of the kernel."""

# fails: windows/plain_windows, windows/strided_windows, windows/dilated_windows, windows/fills_the_padding
# fails: windows/asks_for_strides
# hears: is the order


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    batch, channels, height, width = x.shape
    places = [output_size(size, k, stride, padding, dilation) for size, k in zip((height, width), kernel_size, strict=True)]
    padded = pad(x, padding, fill)
    picture, channel, row, column = padded.stride()
    strides = (picture, channel, dilation * row, dilation * column, stride * row, stride * column)
    return padded.as_strided((batch, channels, *places, *kernel_size), (*strides[:2], *strides[4:], *strides[2:4]))
