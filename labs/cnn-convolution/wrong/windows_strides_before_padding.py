"""Takes the strides of the picture before it was padded."""

# fails: windows/fills_the_padding
# hears: strides and sizes from the padded picture


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    batch, channels, height, width = x.shape
    places = [output_size(size, k, stride, padding, dilation) for size, k in zip((height, width), kernel_size, strict=True)]
    padded = pad(x, padding, fill)
    picture, channel, row, column = x.stride()
    strides = (picture, channel, dilation * row, dilation * column, stride * row, stride * column)
    return padded.as_strided((batch, channels, *kernel_size, *places), strides)
