"""Counts rows and columns of the padded picture."""

# fails: max_pool2d/padding_never_wins, max_pool2d/winners
# hears: counts rows and columns with the padding


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    kernel, stride = (kernel_size, kernel_size), stride or kernel_size
    x = pad(x, padding, -torch.inf)
    values = windows(x, kernel, stride=stride, dilation=dilation).flatten(2, 3)
    numbers = windows(torch.arange(x[0, 0].numel()).reshape(1, 1, *x.shape[2:]), kernel, stride=stride, dilation=dilation)
    out, winner = values.max(2, keepdim=True)
    return out.squeeze(2), numbers.flatten(2, 3).expand_as(values).gather(2, winner).squeeze(2)
