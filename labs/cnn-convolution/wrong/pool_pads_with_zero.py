"""Pads with zeros, which win among negative numbers."""

# fails: max_pool2d/padding_never_wins
# hears: fill=-torch.inf


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    kernel, stride = (kernel_size, kernel_size), stride or kernel_size
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    values = windows(x, kernel, **options).flatten(2, 3)  # (N, C, K², H', W')
    pixel_numbers = torch.arange(x[0, 0].numel(), device=x.device).reshape(1, 1, *x.shape[2:])
    numbers = windows(pixel_numbers, kernel, **options).flatten(2, 3).expand_as(values)
    out, winner = values.max(2, keepdim=True)
    return out.squeeze(2), numbers.gather(2, winner).squeeze(2)
