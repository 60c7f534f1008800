"""Returns the winner's place inside its window."""

# fails: max_pool2d/padding_never_wins, max_pool2d/winners, max_pool2d/first_of_equals
# hears: this is the place inside the window


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    kernel, stride = (kernel_size, kernel_size), stride or kernel_size
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    values = windows(x, kernel, fill=-torch.inf, **options).flatten(2, 3)  # (N, C, K², H', W')
    out, winner = values.max(2, keepdim=True)
    return out.squeeze(2), winner.squeeze(2)
