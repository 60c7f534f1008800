"""Pads with zeros whatever `fill` says."""

# fails: windows/fills_the_padding
# hears: it must consist of `fill`


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    batch, channels, height, width = x.shape
    places = [output_size(size, k, stride, padding, dilation) for size, k in zip((height, width), kernel_size, strict=True)]
    padded = pad(x, padding)
    picture, channel, row, column = padded.stride()
    strides = (picture, channel, dilation * row, dilation * column, stride * row, stride * column)
    return padded.as_strided((batch, channels, *kernel_size, *places), strides)
