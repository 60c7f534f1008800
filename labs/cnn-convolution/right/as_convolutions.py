"""The gradients as convolutions: of the spread-out gradient with the flipped kernel, and of the picture with the gradient."""


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    x = pad(x, padding, fill)
    (n, c, h, w), (k_h, k_w), s = x.shape, kernel_size, x.stride()
    shape = (n, c, k_h, k_w, output_size(h, k_h, stride, 0, dilation), output_size(w, k_w, stride, 0, dilation))
    return torch.as_strided(x, shape, (s[0], s[1], s[2] * dilation, s[3] * dilation, s[2] * stride, s[3] * stride), x.storage_offset())


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)
    flat = patches.reshape(len(x), groups, -1, patches.shape[4] * patches.shape[5]).transpose(2, 3)
    y = flat @ weight.reshape(groups, len(weight) // groups, -1).transpose(1, 2)
    y = y.transpose(2, 3).reshape(len(x), len(weight), *patches.shape[4:])
    if bias is not None:
        y = y + bias.reshape(1, -1, 1, 1)
    return y


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    (n, c, height, width), (filters, depth, k_h, k_w) = x.shape, weight.shape
    tall, wide = height + 2 * padding - dilation * (k_h - 1), width + 2 * padding - dilation * (k_w - 1)
    spread = grad.new_zeros(n, filters, tall, wide)
    spread[:, :, ::stride, ::stride] = grad
    turned = weight.reshape(groups, filters // groups, depth, k_h, k_w).transpose(1, 2).flip(3, 4)
    reach_h, reach_w = dilation * (k_h - 1), dilation * (k_w - 1)
    full = torch.nn.functional.pad(spread, (reach_w, reach_w, reach_h, reach_h))
    dx = conv2d(full, turned.reshape(c, filters // groups, k_h, k_w), dilation=dilation, groups=groups)
    dx = dx[:, :, padding : padding + height, padding : padding + width]
    seen = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation).unflatten(1, (groups, depth))
    dw = torch.einsum("ngcuvij,ngfij->gfcuv", seen, grad.unflatten(1, (groups, -1))).reshape(weight.shape)
    return dx, dw, torch.einsum("nfij->f", grad)


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    shape = dict(stride=kernel_size if stride is None else stride, padding=padding, dilation=dilation)
    values = windows(x, (kernel_size,) * 2, fill=-torch.inf, **shape).flatten(2, 3)
    index = values.argmax(2)
    numbers = torch.arange(float(x.shape[2] * x.shape[3])).view(1, 1, x.shape[2], x.shape[3])
    numbers = windows(numbers, (kernel_size,) * 2, fill=-1.0, **shape).flatten(2, 3).expand_as(values)
    return torch.take_along_dim(values, index[:, :, None], 2)[:, :, 0], torch.take_along_dim(numbers, index[:, :, None], 2)[:, :, 0].long()


def conv2d_fft(x, weight, bias=None, *, padding=0):
    x = pad(x, padding)
    height, width = x.shape[2] + weight.shape[2] - 1, x.shape[3] + weight.shape[3] - 1
    spectra = torch.fft.rfft2(x, s=(height, width)).unsqueeze(1) * torch.fft.rfft2(weight, s=(height, width)).conj()
    out = torch.fft.irfft2(spectra.sum(2), s=(height, width))[..., : x.shape[2] - weight.shape[2] + 1, : x.shape[3] - weight.shape[3] + 1]
    return out if bias is None else out + bias[:, None, None]
