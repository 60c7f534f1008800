"""Lets torch do the work."""

# fails: conv2d/own_and_clean
# hears: a call of torch's own conv


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
