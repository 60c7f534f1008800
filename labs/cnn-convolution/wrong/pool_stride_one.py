"""Uses stride 1 if none is given."""

# fails: max_pool2d/default_stride, max_pool2d/winners
# hears: stride or kernel_size


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    kernel, stride = (kernel_size, kernel_size), stride or 1
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    values = windows(x, kernel, fill=-torch.inf, **options).flatten(2, 3)  # (N, C, K², H', W')
    pixel_numbers = torch.arange(x[0, 0].numel(), device=x.device).reshape(1, 1, *x.shape[2:])
    numbers = windows(pixel_numbers, kernel, **options).flatten(2, 3).expand_as(values)
    out, winner = values.max(2, keepdim=True)
    return out.squeeze(2), numbers.gather(2, winner).squeeze(2)
