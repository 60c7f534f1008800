"""Of equals, takes the last."""

# fails: max_pool2d/first_of_equals
# hears: choose the first of equals


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    kernel, stride = (kernel_size, kernel_size), stride or kernel_size
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    values = windows(x, kernel, fill=-torch.inf, **options).flatten(2, 3)  # (N, C, K², H', W')
    pixel_numbers = torch.arange(x[0, 0].numel(), device=x.device).reshape(1, 1, *x.shape[2:])
    numbers = windows(pixel_numbers, kernel, **options).flatten(2, 3).expand_as(values)
    out, winner = values.flip(2).max(2, keepdim=True)
    winner = kernel_size**2 - 1 - winner
    return out.squeeze(2), numbers.gather(2, winner).squeeze(2)
